// A C++17 host: forty lines make the library's handles into values that free themselves and errors into exceptions. Copy them.
// Build: c++ -std=c++17 host.cc $(pkg-config --cflags --libs loopjit)
//
// expect: norm of 3, 4 is 5
// expect: outer product float64[:, ::1], last row 3 6
// expect: TypeError at line 11: outer() needs a value for 'y'
// expect: the engine still works: 13
#include <cstdio>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <loopjit.h>

namespace loopjit {

struct Free {
  void operator()(lj_engine *e) const { lj_engine_free(e); }
  void operator()(lj_module *m) const { lj_module_free(m); }
  void operator()(lj_report *r) const { lj_report_free(r); }
};
using Engine = std::unique_ptr<lj_engine, Free>;
using Module = std::unique_ptr<lj_module, Free>; // declare it after its engine: it must go first
using Report = std::unique_ptr<lj_report, Free>;

struct Error : std::runtime_error {
  std::string kind; // Python's name: "TypeError"
  unsigned line; // 0 when there is no place
  Error(const char *k, unsigned l, const char *text) : std::runtime_error(text), kind(k), line(l) {}
};

// Throws the first message of the report when the status is not LJ_OK.
inline void check(lj_status status, const Report &report) {
  if (status == LJ_OK) return;
  const lj_diagnostic *d = lj_report_get(report.get(), 0);
  throw Error(d ? d->kind : "", d ? d->line : 0, d ? d->message : lj_status_text(status));
}

// An lj_value that frees itself; it can be moved, and copied by asking for it: copy().
class Value {
public:
  lj_value raw{};
  Value() = default;
  explicit Value(lj_value v) : raw(v) {}
  Value(Value &&other) noexcept : raw(std::exchange(other.raw, lj_value{})) {}
  Value &operator=(Value &&other) noexcept { return std::swap(raw, other.raw), *this; }
  ~Value() { lj_value_free(&raw); }
  Value copy() const { return Value(lj_value_copy(&raw)); }
  double number() const {
    double n;
    return lj_value_number(&raw, &n) ? n : throw Error("TypeError", 0, "the value is no number");
  }
  Value(double f) : raw(lj_float64(f)) {}
  Value(std::vector<double> &v) : raw(lj_array1d(LJ_FLOAT64, v.data(), static_cast<int64_t>(v.size()))) {} // borrows v
};

// call(function, 2.5, vector, …): the arguments become values that live as long as the call.
template <typename... Args> Value call(lj_function *function, Args &&...args) {
  Report report(lj_report_new());
  Value values[] = {Value(std::forward<Args>(args))..., Value()}; // one more: arrays of no elements do not exist
  std::vector<lj_value> raw;
  for (size_t i = 0; i < sizeof...(Args); i++) raw.push_back(values[i].raw); // borrowed: `values` frees them
  Value result;
  check(lj_call(function, raw.data(), raw.size(), &result.raw, report.get()), report);
  return result;
}

} // namespace loopjit

static const std::string source = R"(
from numba import njit
import numpy as np


@njit
def norm(x):
    return np.sqrt(np.sum(x * x))

@njit
def outer(x, y):
    return x.reshape(-1, 1) * y
)";

static void run() {
  using namespace loopjit;
  Report report(lj_report_new());
  lj_engine *engine_handle;
  check(lj_engine_new(nullptr, report.get(), &engine_handle), report);
  Engine engine(engine_handle);
  lj_module *module_handle;
  check(lj_module_load(engine.get(), "host.lp", source.data(), source.size(), 0, report.get(), &module_handle), report);
  Module module(module_handle);

  lj_function *norm = lj_module_find(module.get(), "norm");
  std::vector<double> x{3, 4}, y{1, 2, 3}, factors{1, 2};
  std::printf("norm of 3, 4 is %g\n", call(norm, x).number());

  Value table = call(lj_module_find(module.get(), "outer"), y, factors); // owns its memory
  lj_text type;
  lj_value_type(&table.raw, &type);
  const double *elements = static_cast<const double *>(table.raw.as.array.data);
  std::printf("outer product %s, last row %g %g\n", type.data, elements[4], elements[5]);
  lj_text_free(&type);

  try {
    call(lj_module_find(module.get(), "outer"), y);
  } catch (const Error &e) {
    std::printf("%s at line %u: %s\n", e.kind.c_str(), e.line, e.what());
  }
  std::vector<double> z{5, 12};
  std::printf("the engine still works: %g\n", call(norm, z).number());
}

int main() {
  try {
    run();
  } catch (const std::exception &e) {
    std::fprintf(stderr, "%s\n", e.what());
    return 1;
  }
}

"""libloopjit.so by ctypes: as much of include/loopjit.h as timing kernels needs. Compiles a function for its arguments' types and calls its
native entry, so that a call costs what a call of a C function costs."""
import ctypes
import os

from data import Array, Spec

SIGNATURES = {"bool": "boolean", "i32": "int32", "i64": "int64", "u8": "uint8", "f32": "float32", "f64": "float64"}


class Config(ctypes.Structure):
    _fields_ = [("size", ctypes.c_size_t), ("cpu", ctypes.c_char_p), ("opt_level", ctypes.c_int), ("fastmath", ctypes.c_bool),
                ("parallel", ctypes.c_bool), ("numpy_errors", ctypes.c_bool), ("no_boundscheck", ctypes.c_bool), ("print", ctypes.c_void_p),
                ("print_data", ctypes.c_void_p), ("threads", ctypes.c_int32), ("race_check", ctypes.c_bool), ("auto_parallel", ctypes.c_bool),
                ("schedule", ctypes.c_int), ("chunk", ctypes.c_int64), ("cache_dir", ctypes.c_char_p), ("cache_bytes", ctypes.c_uint64),
                ("cache_explain", ctypes.c_bool), ("interruptible", ctypes.c_bool), ("others", ctypes.c_char * 256)]


def load(build):
    lib = ctypes.CDLL(os.path.join(build, "libloopjit.so"))
    for name in ("lj_report_new", "lj_module_find", "lj_kernel_entry", "lj_context_new"):
        getattr(lib, name).restype = ctypes.c_void_p
    lib.lj_report_text.restype = ctypes.c_char_p
    return lib


def signature(args):
    """Of arguments in memory or as a row of cases.py writes them."""
    def one(a):
        if isinstance(a, (Array, Spec)):
            spec = a.spec if isinstance(a, Array) else a
            return "%s[%s]" % (SIGNATURES[spec.dtype], ", ".join([":"] * (len(spec.dims) - 1) + ["::1"]))
        return "float64" if isinstance(a, float) else "int64"
    return ", ".join(map(one, args))


def pack(args):
    """The C struct of the arguments: an array is {data, owner, shape, strides}."""
    words = []
    for a in args:
        if isinstance(a, Array):
            strides, step = [], a.bytes // a.size
            for extent in reversed(a.shape):
                strides.insert(0, step)
                step *= extent
            words += [ctypes.c_int64(v) for v in (a.address, 0, *a.shape, *strides)]
        else:
            words.append(ctypes.c_double(a) if isinstance(a, float) else ctypes.c_int64(a))
    return ctypes.create_string_buffer(b"".join(map(bytes, words)))


class Engine:
    def __init__(self, build, **config):
        os.environ["LOOPJIT_CACHE_DIR"] = ""  # what is measured is compiled here
        self.lib = load(build)
        self.report = ctypes.c_void_p(self.lib.lj_report_new())
        settings = Config()
        self.lib.lj_config_init(ctypes.byref(settings))
        assert settings.size <= ctypes.sizeof(settings), "lj_config has become larger than Config"
        for name, value in config.items():
            setattr(settings, name, value)
        self.engine = ctypes.c_void_p()
        self.check(self.lib.lj_engine_new(ctypes.byref(settings), self.report, ctypes.byref(self.engine)))
        self.context = ctypes.c_void_p(self.lib.lj_context_new(self.engine))

    def check(self, status):
        if status:
            raise RuntimeError("loopjit: " + self.lib.lj_report_text(self.report).decode())

    def compile(self, path, name, args):
        """The module and the kernel for the types of the arguments."""
        module, kernel = ctypes.c_void_p(), ctypes.c_void_p()
        self.check(self.lib.lj_module_load_file(self.engine, path.encode(), 0, self.report, ctypes.byref(module)))
        function = ctypes.c_void_p(self.lib.lj_module_find(module, name.encode()))
        self.check(self.lib.lj_specialise(function, signature(args).encode(), self.report, ctypes.byref(kernel)))
        return module, kernel

    def function(self, path, name, args, result):
        _, kernel = self.compile(path, name, args)
        entry = ctypes.CFUNCTYPE(ctypes.c_int32, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_void_p)(self.lib.lj_kernel_entry(kernel))
        memory, out = pack(args), (ctypes.c_int64 if result == "i64" else ctypes.c_double)()
        context, memory_at, out_at = self.context, ctypes.addressof(memory), ctypes.byref(out)

        def call(keep=memory):
            if entry(context, memory_at, out_at):
                self.lib.lj_context_report(context, self.report)
                self.check(1)
            return out.value if result else None
        return call

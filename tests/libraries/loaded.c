/* Two libraries with functions of the same names in one process, loaded and unloaded while threads that called them live on.
 *   loaded FIRST.so SECOND.so */
#include <dlfcn.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

enum { ROUNDS = 20, THREADS = 4 };

typedef int32_t Divide(double a, double b, double *result);
typedef int32_t Fib(int64_t n, int64_t *result);
typedef const char *Text(void);

typedef struct Library {
  void *handle;
  Divide *divide;
  Fib *fibonacci;
  Text *error;
} Library;

static Library libraries[2];
static sem_t called, unloaded;

static void *find(void *handle, const char *name) {
  void *symbol = dlsym(handle, name);
  if (!symbol) printf("%s\n", dlerror());
  return symbol;
}

static int open_library(Library *library, const char *path, const char *error) {
  library->handle = dlopen(path, RTLD_NOW | RTLD_LOCAL);
  if (!library->handle) return printf("%s\n", dlerror());
  *(void **)&library->divide = find(library->handle, "divide");
  *(void **)&library->fibonacci = find(library->handle, "fibonacci");
  *(void **)&library->error = find(library->handle, error);
  return !library->divide || !library->fibonacci || !library->error;
}

/* Calls of one library do not touch the error of the other. */
static void *work(void *unused) {
  void *failed = NULL;
  double value;
  int64_t n;
  (void)unused;
  for (int i = 0; i < 50; i++) {
    for (int k = 0; k < 2; k++)
      if (libraries[k].divide(1, 0, &value) == 0 || libraries[1 - k].divide(6, 2, &value) != 0 || value != 3) failed = "status";
    for (int k = 0; k < 2; k++)
      if (!strstr(libraries[k].error(), "ZeroDivisionError") || libraries[k].fibonacci(50, &n) || n != 12586269025) failed = "text";
  }
  sem_post(&called);
  sem_wait(&unloaded); /* the thread ends when the libraries are gone */
  return failed;
}

static int play(const char *first, const char *second) {
  pthread_t threads[THREADS];
  int failed = open_library(&libraries[0], first, "k_error") || open_library(&libraries[1], second, "other_error");
  if (failed) return 1;
  for (int i = 0; i < THREADS; i++) pthread_create(&threads[i], NULL, work, NULL);
  for (int i = 0; i < THREADS; i++) sem_wait(&called);
  for (int k = 0; k < 2; k++) dlclose(libraries[k].handle);
  for (int i = 0; i < THREADS; i++) sem_post(&unloaded);
  for (int i = 0; i < THREADS; i++) {
    void *why;
    pthread_join(threads[i], &why);
    if (why) failed = printf("wrong %s\n", (char *)why);
  }
  return failed;
}

int main(int argc, char **argv) {
  int failed = argc != 3;
  sem_init(&called, 0, 0);
  sem_init(&unloaded, 0, 0);
  for (int i = 0; i < ROUNDS && !failed; i++) failed = play(argv[1], argv[2]);
  return failed != 0;
}

/*
 * Updates of six rules as one would write them by hand, over given gradients: optimizers TENSORS MILLIS, a line of JSON per rule.
 * gcc -O3 -march=native -fno-math-errno -fno-trapping-math optimizers.c -o optimizers -lm
 * Without the last two flags gcc does not vectorise square roots and comparisons.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { elements = 1 << 20, most = 4096 };

typedef float *restrict line;

/* One tensor: parameters, gradient, two moments. Scalars are computed in double and rounded once. */
typedef void (*rule)(line x, const float *restrict g, line m, line v, int t);

static void sgd(line x, const float *restrict g, line m, line v, int t) {
  (void)m, (void)v, (void)t;
  const float descent = -0.05f;
  for (int i = 0; i < elements; i++) x[i] += g[i] * descent;
}

static void momentum(line x, const float *restrict g, line u, line v, int t) {
  (void)v, (void)t;
  const float descent = -0.05f, mu = 0.9f;
  for (int i = 0; i < elements; i++) {
    u[i] = u[i] * mu + g[i];
    x[i] += u[i] * descent;
  }
}

static inline void moments(line x, const float *restrict g, line m, line v, int t, float left) {
  const float b1 = 0.9f, b2 = 0.999f, a1 = (float)(1 - 0.9), a2 = (float)(1 - 0.999), epsilon = 1e-8f;
  const float descent = (float)(-0.05 / (1 - pow(0.9, t))), root = (float)sqrt(1 - pow(0.999, t));
  for (int i = 0; i < elements; i++) {
    m[i] = b1 * m[i] + a1 * g[i];
    v[i] = b2 * v[i] + a2 * g[i] * g[i];
    x[i] = left * x[i] + m[i] * descent / (sqrtf(v[i]) / root + epsilon);
  }
}

static void adam(line x, const float *restrict g, line m, line v, int t) { moments(x, g, m, v, t, 1.0f); }

static void adamw(line x, const float *restrict g, line m, line v, int t) {
  moments(x, g, m, v, t, (float)(1 - 0.05 * 0.01));
}

static void rmsprop(line x, const float *restrict g, line m, line v, int t) {
  (void)m, (void)t;
  const float rho = 0.99f, rest = (float)(1 - 0.99), epsilon = 1e-8f, descent = -0.05f;
  for (int i = 0; i < elements; i++) {
    v[i] = rho * v[i] + rest * g[i] * g[i];
    x[i] += g[i] * descent / (sqrtf(v[i]) + epsilon);
  }
}

static void lion(line x, const float *restrict g, line m, line v, int t) {
  (void)v, (void)t;
  const float b1 = 0.9f, b2 = 0.99f, a1 = (float)(1 - 0.9), a2 = (float)(1 - 0.99), descent = -0.05f;
  for (int i = 0; i < elements; i++) {
    const float c = b1 * m[i] + a1 * g[i];
    x[i] += ((float)(c > 0) - (float)(c < 0)) * descent;
    m[i] = b2 * m[i] + a2 * g[i];
  }
}

static const struct {
  const char *name;
  rule step;
} rules[] = {{"sgd", sgd},   {"sgd, momentum", momentum}, {"adam", adam},
             {"adamw", adamw}, {"rmsprop", rmsprop},        {"lion", lion}};

static double now(void) {
  struct timespec at;
  clock_gettime(CLOCK_MONOTONIC, &at);
  return at.tv_sec * 1e9 + at.tv_nsec;
}

static int ascending(const void *a, const void *b) {
  const double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

static float *filled(unsigned seed, int isRandom) {
  float *out = aligned_alloc(64, elements * sizeof(float));
  for (int i = 0; i < elements; i++) {
    seed = seed * 1664525u + 1013904223u;
    out[i] = isRandom ? (float)(seed >> 8) / 16777216.0f - 0.5f : 0.0f;
  }
  return out;
}

int main(int count, char **arguments) {
  const int tensors = count > 1 ? atoi(arguments[1]) : 10;
  const double nanos = (count > 2 ? atof(arguments[2]) : 300) * 1e6;
  float **x = malloc(tensors * sizeof *x), **g = malloc(tensors * sizeof *g);
  float **m = malloc(tensors * sizeof *m), **v = malloc(tensors * sizeof *v);
  for (unsigned r = 0; r < sizeof rules / sizeof *rules; r++) {
    double times[most], checksum = 0;
    int steps = 0;
    for (int i = 0; i < tensors; i++) {
      x[i] = filled(2 * i + 1, 1), g[i] = filled(2 * i + 2, 1);
      m[i] = filled(0, 0), v[i] = filled(0, 0);
    }
    for (const double until = now() + nanos; (now() < until || steps < 5) && steps < 500; steps++) {
      const double before = now();
      for (int i = 0; i < tensors; i++) rules[r].step(x[i], g[i], m[i], v[i], steps + 1);
      times[steps] = now() - before;
    }
    for (int i = 0; i < tensors; i++) {
      checksum += x[i][steps % elements];
      free(x[i]), free(g[i]), free(m[i]), free(v[i]);
    }
    qsort(times, steps, sizeof *times, ascending);
    const double size = (double)tensors * elements;
    printf("{\"rule\":\"%s\",\"ns\":%.3f,\"median_ns\":%.3f,\"checksum\":%.4f}\n", rules[r].name, times[0] / size,
           times[steps / 2] / size, checksum);
    fflush(stdout);
  }
  return 0;
}

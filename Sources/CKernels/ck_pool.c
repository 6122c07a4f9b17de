// Maxima and means of windows.
#include <float.h>
#include <math.h>
#include "ck_types.h"
#include "include/ck_pool.h"

#define LOWEST_b 0
#define LOWEST_u8 0
#define LOWEST_i32 INT32_MIN
#define LOWEST_i64 INT64_MIN
#define LOWEST_f32 (-INFINITY)
#define LOWEST_f64 (-INFINITY)

// The first position of a window inside the plane.
static ptrdiff_t first_inside(const ck_pool *p, int axis, ptrdiff_t output) {
  const ptrdiff_t start = output * p->stride[axis] - p->padding[axis], step = p->dilation[axis];
  return start < 0 ? start + (-start + step - 1) / step * step : start;
}

static ptrdiff_t smaller(ptrdiff_t a, ptrdiff_t b) { return a < b ? a : b; }

// Windows of 2 × 2 side by side, without padding: the usual case, without branches.
#define CK_MAX_PAIRS(T, S, INDEX)                                                                  \
  CK_CLONES_##S static void max_pairs_##S(                                                         \
      T *y, int64_t *indices, const T *x, const ck_pool *p) {                                      \
    const ptrdiff_t width = p->size[1], columns = p->output[1];                                    \
    for (ptrdiff_t plane = 0; plane < p->planes; plane++, x += p->size[0] * width) {               \
      for (ptrdiff_t i = 0; i < p->output[0]; i++, y += columns, indices += columns) {             \
        const T *upper = x + 2 * i * width, *lower = upper + width;                                \
        const int64_t first = 2 * i * width;                                                       \
        CK_VECTOR for (ptrdiff_t j = 0; j < columns; j++) {                                        \
          const T a = upper[2 * j], b = upper[2 * j + 1], c = lower[2 * j], d = lower[2 * j + 1];  \
          const int right = (b > a) | (b != b), lowerRight = (d > c) | (d != d);                   \
          const T above = right ? b : a, below = lowerRight ? d : c;                               \
          const int down = (below > above) | (below != below);                                     \
          y[j] = down ? below : above;                                                             \
          const INDEX step = down ? (INDEX)width + lowerRight : (INDEX)right;                      \
          indices[j] = first + 2 * j + step;                                                       \
        }                                                                                          \
      }                                                                                            \
    }                                                                                              \
  }
CK_EACH_REAL(CK_MAX_PAIRS, int64_t)

static int are_pairs(const ck_pool *p) {
  for (int axis = 0; axis < 2; axis++) {
    if (p->kernel[axis] != 2 || p->stride[axis] != 2 || p->padding[axis] != 0 || p->dilation[axis] != 1 ||
        2 * p->output[axis] > p->size[axis]) {
      return 0;
    }
  }
  return 1;
}

#define CK_MAX_POOL(T, S, ...)                                                                     \
  static void max_pool_##S(void *out, int64_t *indices, const void *in, const ck_pool *p) {        \
    T *y = out;                                                                                    \
    const T *x = in;                                                                               \
    if (are_pairs(p)) {                                                                            \
      max_pairs_##S(y, indices, x, p);                                                             \
      return;                                                                                      \
    }                                                                                              \
    for (ptrdiff_t plane = 0; plane < p->planes; plane++, x += p->size[0] * p->size[1]) {          \
      for (ptrdiff_t i = 0; i < p->output[0]; i++) {                                               \
        const ptrdiff_t top = first_inside(p, 0, i);                                               \
        const ptrdiff_t bottom = smaller(                                                          \
            i * p->stride[0] - p->padding[0] + p->kernel[0] * p->dilation[0], p->size[0]);         \
        for (ptrdiff_t j = 0; j < p->output[1]; j++) {                                             \
          const ptrdiff_t left = first_inside(p, 1, j);                                            \
          const ptrdiff_t right = smaller(                                                         \
              j * p->stride[1] - p->padding[1] + p->kernel[1] * p->dilation[1], p->size[1]);       \
          T best = LOWEST_##S;                                                                     \
          int64_t index = top < bottom && left < right ? top * p->size[1] + left : -1;             \
          for (ptrdiff_t h = top; h < bottom; h += p->dilation[0]) {                               \
            for (ptrdiff_t w = left; w < right; w += p->dilation[1]) {                             \
              const T value = x[h * p->size[1] + w];                                               \
              if (value > best || value != value) best = value, index = h * p->size[1] + w;        \
            }                                                                                      \
          }                                                                                        \
          *y++ = best;                                                                             \
          *indices++ = index;                                                                      \
        }                                                                                          \
      }                                                                                            \
    }                                                                                              \
  }
CK_EACH_REAL(CK_MAX_POOL, )

// Runs BODY for every window: rows [top, bottom), columns [left, right) inside the plane, and the
// divisor; `o` is the window's index, `base` the plane's.
#define CK_EACH_WINDOW(BODY)                                                                       \
  ptrdiff_t o = 0, base = 0;                                                                       \
  const ptrdiff_t width = p->size[1];                                                              \
  for (ptrdiff_t plane = 0; plane < p->planes; plane++, base += p->size[0] * width) {              \
    for (ptrdiff_t i = 0; i < p->output[0]; i++) {                                                 \
      const ptrdiff_t y0 = i * p->stride[0] - p->padding[0];                                       \
      const ptrdiff_t y1 = smaller(y0 + p->kernel[0], p->size[0] + p->padding[0]);                 \
      const ptrdiff_t top = y0 > 0 ? y0 : 0, bottom = smaller(y1, p->size[0]);                     \
      for (ptrdiff_t j = 0; j < p->output[1]; j++, o++) {                                          \
        const ptrdiff_t x0 = j * p->stride[1] - p->padding[1];                                     \
        const ptrdiff_t x1 = smaller(x0 + p->kernel[1], width + p->padding[1]);                    \
        const ptrdiff_t left = x0 > 0 ? x0 : 0, right = smaller(x1, width);                        \
        const int empty = top >= bottom || left >= right;                                          \
        const ptrdiff_t counted = p->counts_padding ? (y1 - y0) * (x1 - x0)                        \
                                                    : (bottom - top) * (right - left);             \
        const int64_t divisor = p->divisor ? p->divisor : counted;                                 \
        BODY                                                                                       \
      }                                                                                            \
    }                                                                                              \
  }

#define CK_MEAN_POOL(T, S, ACCUMULATOR)                                                            \
  static void mean_pool_##S(void *out, const void *in, const ck_pool *p) {                         \
    T *y = out;                                                                                    \
    const T *x = in;                                                                               \
    CK_EACH_WINDOW({                                                                               \
      ACCUMULATOR sum = 0;                                                                         \
      for (ptrdiff_t h = top; h < bottom; h++)                                                     \
        for (ptrdiff_t w = left; w < right; w++) sum += x[base + h * width + w];                   \
      y[o] = empty ? 0 : (T)(sum / (ACCUMULATOR)divisor);                                          \
    })                                                                                             \
  }
CK_MEAN_POOL(uint8_t, u8, int64_t)
CK_MEAN_POOL(int32_t, i32, int64_t)
CK_MEAN_POOL(int64_t, i64, int64_t)
CK_MEAN_POOL(float, f32, float)
CK_MEAN_POOL(double, f64, double)

#define CK_MEAN_POOL_ADJOINT(T, S, ...)                                                            \
  static void mean_pool_adjoint_##S(void *planes, const void *gradient, const ck_pool *p) {        \
    T *x = planes;                                                                                 \
    const T *y = gradient;                                                                         \
    CK_EACH_WINDOW({                                                                               \
      if (empty) continue;                                                                         \
      const T share = y[o] / (T)divisor;                                                           \
      for (ptrdiff_t h = top; h < bottom; h++)                                                     \
        for (ptrdiff_t w = left; w < right; w++) x[base + h * width + w] += share;                 \
    })                                                                                             \
  }
CK_EACH_FLOAT(CK_MEAN_POOL_ADJOINT, )

#define CK_PLANES(T, S, ...)                                                                       \
  static int plane_gather_##S(                                                                     \
      void *target, const void *source, const int64_t *indices, ptrdiff_t planes, ptrdiff_t area,  \
      ptrdiff_t count) {                                                                           \
    T *y = target;                                                                                 \
    const T *x = source;                                                                           \
    for (ptrdiff_t plane = 0; plane < planes; plane++, x += area) {                                \
      for (ptrdiff_t i = 0; i < count; i++) {                                                      \
        const int64_t index = *indices++;                                                          \
        if (index < -1 || index >= area) return 0;                                                 \
        *y++ = index < 0 ? 0 : x[index];                                                           \
      }                                                                                            \
    }                                                                                              \
    return 1;                                                                                      \
  }                                                                                                \
  static int plane_scatter_add_##S(                                                                \
      void *target, const void *source, const int64_t *indices, ptrdiff_t planes, ptrdiff_t area,  \
      ptrdiff_t count) {                                                                           \
    T *y = target;                                                                                 \
    const T *x = source;                                                                           \
    for (ptrdiff_t plane = 0; plane < planes; plane++, y += area) {                                \
      for (ptrdiff_t i = 0; i < count; i++) {                                                      \
        const int64_t index = *indices++;                                                          \
        const T value = *x++;                                                                      \
        if (index < -1 || index >= area) return 0;                                                 \
        if (index >= 0) y[index] = (T)(y[index] + value);                                          \
      }                                                                                            \
    }                                                                                              \
    return 1;                                                                                      \
  }
CK_EACH_REAL(CK_PLANES, )

#define CK_AXIS_MAP(T, S, ...)                                                                     \
  CK_CLONES void ck_axis_map_##S(                                                                  \
      T *target, const T *source, const int64_t *indices, const double *weights, ptrdiff_t taps,   \
      ptrdiff_t outer, ptrdiff_t count, ptrdiff_t size, ptrdiff_t inner) {                         \
    for (ptrdiff_t o = 0; o < outer; o++, source += size * inner) {                                \
      for (ptrdiff_t j = 0; j < count; j++, target += inner) {                                     \
        for (ptrdiff_t i = 0; i < inner; i++) target[i] = 0;                                       \
        for (ptrdiff_t t = 0; t < taps; t++) {                                                     \
          const T weight = (T)weights[j * taps + t];                                               \
          const T *x = source + indices[j * taps + t] * inner;                                     \
          if (weight == 0) continue;                                                               \
          CK_VECTOR for (ptrdiff_t i = 0; i < inner; i++) target[i] += weight * x[i];              \
        }                                                                                          \
      }                                                                                            \
    }                                                                                              \
  }                                                                                                \
  CK_CLONES void ck_axis_map_adjoint_##S(                                                          \
      T *target, const T *source, const int64_t *indices, const double *weights, ptrdiff_t taps,   \
      ptrdiff_t outer, ptrdiff_t count, ptrdiff_t size, ptrdiff_t inner) {                         \
    for (ptrdiff_t o = 0; o < outer; o++, target += size * inner) {                                \
      for (ptrdiff_t i = 0; i < size * inner; i++) target[i] = 0;                                  \
      for (ptrdiff_t j = 0; j < count; j++, source += inner) {                                     \
        for (ptrdiff_t t = 0; t < taps; t++) {                                                     \
          const T weight = (T)weights[j * taps + t];                                               \
          T *y = target + indices[j * taps + t] * inner;                                           \
          if (weight == 0) continue;                                                               \
          CK_VECTOR for (ptrdiff_t i = 0; i < inner; i++) y[i] += weight * source[i];              \
        }                                                                                          \
      }                                                                                            \
    }                                                                                              \
  }
CK_EACH_FLOAT(CK_AXIS_MAP, )

#define CK_TABLE(RESULT, NAME, ROWS)                                   \
  RESULT *ck_##NAME(uint8_t dtype) {                                   \
    static RESULT *const table[CK_DTYPE_COUNT] = {ROWS(NAME)};         \
    return dtype < CK_DTYPE_COUNT ? table[dtype] : NULL;               \
  }
CK_TABLE(ck_max_pool_loop, max_pool, CK_TABLE_REAL)
CK_TABLE(ck_mean_pool_loop, mean_pool, CK_TABLE_REAL)
CK_TABLE(ck_mean_pool_loop, mean_pool_adjoint, CK_TABLE_FLOAT)
CK_TABLE(ck_plane_loop, plane_gather, CK_TABLE_REAL)
CK_TABLE(ck_plane_loop, plane_scatter_add, CK_TABLE_REAL)

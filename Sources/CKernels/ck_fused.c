// Reductions of contiguous [outer, n, inner] arrays over n with what belongs to them: gradients, and sums
// of functions of the elements.
//
// With inner = 1 a result is made from a row. Otherwise rows are folded into accumulators for a tile of
// columns, so that memory is read in the order it lies in.
#include "include/ck_fused.h"
#include "ck_math.h"
#include "ck_types.h"
#include "ck_vector.h"

enum { CK_TILE = 1024, CK_CHUNK = 1024, CK_ROWS = 64 };

// Runs the block for every tile: `x` is its first element, `w` its width, `at` its place in the results.
#define CK_FOR_TILES(T, ...)                                                                      \
  for (ptrdiff_t o = 0; o < outer; o++) {                                                         \
    for (ptrdiff_t first = 0; first < inner; first += CK_TILE) {                                  \
      const ptrdiff_t w = inner - first < CK_TILE ? inner - first : CK_TILE;                      \
      const ptrdiff_t at = o * inner + first, from = o * n * inner + first;                       \
      const T *x = in + from;                                                                     \
      __VA_ARGS__                                                                                 \
    }                                                                                             \
  }

// Sums over a chunk of a row in the element type, in any order.
#define CK_CHUNKS(T, S)                                                                           \
  CK_INLINE T ck_chunk_sum_##S(const T *x, ptrdiff_t n) {                                         \
    _Pragma("clang fp reassociate(on)") T sum = 0;                                                \
    for (ptrdiff_t i = 0; i < n; i++) sum += x[i];                                                \
    return sum;                                                                                   \
  }                                                                                               \
  CK_INLINE T ck_chunk_exp_##S(const T *x, T shift, ptrdiff_t n) {                                \
    _Pragma("clang fp reassociate(on)") T sum = 0;                                                \
    for (ptrdiff_t i = 0; i < n; i++) sum += ckm_exp_##S(x[i] - shift);                           \
    return sum;                                                                                   \
  }                                                                                               \
  CK_INLINE void ck_chunk_squares_##S(                                                            \
      const T *x, T mean, ptrdiff_t n, double *squares, double *rest) {                           \
    _Pragma("clang fp reassociate(on)") T sum = 0, dot = 0;                                       \
    for (ptrdiff_t i = 0; i < n; i++) {                                                           \
      const T d = x[i] - mean;                                                                    \
      sum += d;                                                                                   \
      dot += d * d;                                                                               \
    }                                                                                             \
    *squares += (double)dot;                                                                      \
    *rest += (double)sum;                                                                         \
  }                                                                                               \
  CK_INLINE T ck_chunk_count_##S(const T *x, T value, ptrdiff_t n) {                              \
    _Pragma("clang fp reassociate(on)") T count = 0;                                              \
    for (ptrdiff_t i = 0; i < n; i++) count += x[i] == value ? (T)1 : (T)0;                       \
    return count;                                                                                 \
  }
CK_CHUNKS(float, f32)
CK_CHUNKS(double, f64)

#define CK_LOG_SUM_EXP(T, S)                                                                      \
  CK_INLINE T ck_finish_##S(T shift, T sum) {                                                     \
    if (shift - shift == 0) return shift + ckm_log_##S(sum);                                      \
    return sum == sum ? shift : sum;                                                              \
  }                                                                                               \
  CK_CLONES void ck_logsumexp_##S(                                                                \
      T *out, const T *in, ptrdiff_t outer, ptrdiff_t n, ptrdiff_t inner) {                       \
    if (inner == 1) {                                                                             \
      for (ptrdiff_t o = 0; o < outer; o++, in += n) {                                            \
        const T largest = ck_largest_##S(in, n);                                                  \
        const T shift = largest - largest == 0 ? largest : 0;                                     \
        double total = 0;                                                                         \
        for (ptrdiff_t i = 0; i < n; i += CK_CHUNK) {                                             \
          total += (double)ck_chunk_exp_##S(in + i, shift, n - i < CK_CHUNK ? n - i : CK_CHUNK);  \
        }                                                                                         \
        out[o] = ck_finish_##S(largest, (T)total);                                                \
      }                                                                                           \
      return;                                                                                     \
    }                                                                                             \
    T largest[CK_TILE], shift[CK_TILE], sum[CK_TILE];                                             \
    CK_FOR_TILES(T, {                                                                             \
      for (ptrdiff_t j = 0; j < w; j++) largest[j] = -INFINITY, sum[j] = 0;                       \
      for (ptrdiff_t i = 0; i < n; i++) {                                                         \
        CK_VECTOR for (ptrdiff_t j = 0; j < w; j++) {                                             \
          const T v = x[i * inner + j];                                                           \
          largest[j] = v > largest[j] ? v : largest[j];                                           \
        }                                                                                         \
      }                                                                                           \
      for (ptrdiff_t j = 0; j < w; j++) {                                                         \
        shift[j] = largest[j] - largest[j] == 0 ? largest[j] : 0;                                 \
      }                                                                                           \
      for (ptrdiff_t i = 0; i < n; i++) {                                                         \
        CK_VECTOR for (ptrdiff_t j = 0; j < w; j++) {                                             \
          sum[j] += ckm_exp_##S(x[i * inner + j] - shift[j]);                                     \
        }                                                                                         \
      }                                                                                           \
      for (ptrdiff_t j = 0; j < w; j++) out[at + j] = ck_finish_##S(largest[j], sum[j]);          \
    })                                                                                            \
  }                                                                                               \
  CK_CLONES void ck_logsumexp_backward_##S(                                                       \
      T *out, const T *in, const T *result, const T *gradient, ptrdiff_t outer, ptrdiff_t n,      \
      ptrdiff_t inner) {                                                                          \
    if (inner == 1) {                                                                             \
      for (ptrdiff_t o = 0; o < outer; o++, in += n, out += n) {                                  \
        const T r = result[o], g = gradient[o];                                                   \
        CK_VECTOR for (ptrdiff_t i = 0; i < n; i++) out[i] = g * ckm_exp_##S(in[i] - r);          \
      }                                                                                           \
      return;                                                                                     \
    }                                                                                             \
    CK_FOR_TILES(T, {                                                                             \
      const T *r = result + at, *g = gradient + at;                                               \
      T *y = out + from;                                                                          \
      for (ptrdiff_t i = 0; i < n; i++) {                                                         \
        CK_VECTOR for (ptrdiff_t j = 0; j < w; j++) {                                             \
          y[i * inner + j] = g[j] * ckm_exp_##S(x[i * inner + j] - r[j]);                         \
        }                                                                                         \
      }                                                                                           \
    })                                                                                            \
  }
CK_LOG_SUM_EXP(float, f32)
CK_LOG_SUM_EXP(double, f64)

// The mean of a row; chunks are added in float64.
#define CK_VARIANCE(T, S)                                                                         \
  CK_INLINE T ck_row_mean_##S(const T *x, ptrdiff_t n) {                                          \
    double total = 0;                                                                             \
    for (ptrdiff_t i = 0; i < n; i += CK_CHUNK) {                                                 \
      total += (double)ck_chunk_sum_##S(x + i, n - i < CK_CHUNK ? n - i : CK_CHUNK);              \
    }                                                                                             \
    return (T)(total / (double)n);                                                                \
  }                                                                                               \
  CK_INLINE void ck_column_means_##S(                                                             \
      T *mean, const T *x, ptrdiff_t n, ptrdiff_t inner, ptrdiff_t w) {                           \
    double total[CK_TILE];                                                                        \
    T sum[CK_TILE];                                                                               \
    for (ptrdiff_t j = 0; j < w; j++) total[j] = 0;                                               \
    for (ptrdiff_t start = 0; start < n; start += CK_ROWS) {                                      \
      const ptrdiff_t end = n - start < CK_ROWS ? n : start + CK_ROWS;                            \
      for (ptrdiff_t j = 0; j < w; j++) sum[j] = 0;                                               \
      for (ptrdiff_t i = start; i < end; i++) {                                                   \
        CK_VECTOR for (ptrdiff_t j = 0; j < w; j++) sum[j] += x[i * inner + j];                   \
      }                                                                                           \
      CK_VECTOR for (ptrdiff_t j = 0; j < w; j++) total[j] += (double)sum[j];                     \
    }                                                                                             \
    for (ptrdiff_t j = 0; j < w; j++) mean[j] = (T)(total[j] / (double)n);                        \
  }                                                                                               \
  CK_CLONES void ck_variance_##S(                                                                 \
      T *out, const T *in, double divisor, ptrdiff_t outer, ptrdiff_t n, ptrdiff_t inner) {       \
    if (inner == 1) {                                                                             \
      for (ptrdiff_t o = 0; o < outer; o++, in += n) {                                            \
        const T m = ck_row_mean_##S(in, n);                                                       \
        double squares = 0, rest = 0;                                                             \
        for (ptrdiff_t i = 0; i < n; i += CK_CHUNK) {                                             \
          ck_chunk_squares_##S(                                                                   \
              in + i, m, n - i < CK_CHUNK ? n - i : CK_CHUNK, &squares, &rest);                   \
        }                                                                                         \
        /* What the rounding of the mean has added. */                                            \
        out[o] = (T)((squares - rest * rest / (double)n) / divisor);                              \
      }                                                                                           \
      return;                                                                                     \
    }                                                                                             \
    T mean[CK_TILE], sum[CK_TILE], dot[CK_TILE];                                                  \
    double squares[CK_TILE], rest[CK_TILE];                                                       \
    CK_FOR_TILES(T, {                                                                             \
      ck_column_means_##S(mean, x, n, inner, w);                                                  \
      for (ptrdiff_t j = 0; j < w; j++) squares[j] = rest[j] = 0;                                 \
      for (ptrdiff_t start = 0; start < n; start += CK_ROWS) {                                    \
        const ptrdiff_t end = n - start < CK_ROWS ? n : start + CK_ROWS;                          \
        for (ptrdiff_t j = 0; j < w; j++) sum[j] = dot[j] = 0;                                    \
        for (ptrdiff_t i = start; i < end; i++) {                                                 \
          CK_VECTOR for (ptrdiff_t j = 0; j < w; j++) {                                           \
            const T d = x[i * inner + j] - mean[j];                                               \
            sum[j] += d;                                                                          \
            dot[j] += d * d;                                                                      \
          }                                                                                       \
        }                                                                                         \
        for (ptrdiff_t j = 0; j < w; j++) {                                                       \
          squares[j] += (double)dot[j];                                                           \
          rest[j] += (double)sum[j];                                                              \
        }                                                                                         \
      }                                                                                           \
      for (ptrdiff_t j = 0; j < w; j++) {                                                         \
        out[at + j] = (T)((squares[j] - rest[j] * rest[j] / (double)n) / divisor);                \
      }                                                                                           \
    })                                                                                            \
  }                                                                                               \
  CK_CLONES void ck_variance_backward_##S(                                                        \
      T *out, const T *in, const T *gradient, double scale, ptrdiff_t outer, ptrdiff_t n,         \
      ptrdiff_t inner) {                                                                          \
    if (inner == 1) {                                                                             \
      for (ptrdiff_t o = 0; o < outer; o++, in += n, out += n) {                                  \
        const T m = ck_row_mean_##S(in, n), g = gradient[o] * (T)scale;                           \
        CK_VECTOR for (ptrdiff_t i = 0; i < n; i++) out[i] = g * (in[i] - m);                     \
      }                                                                                           \
      return;                                                                                     \
    }                                                                                             \
    T mean[CK_TILE], g[CK_TILE];                                                                  \
    CK_FOR_TILES(T, {                                                                             \
      ck_column_means_##S(mean, x, n, inner, w);                                                  \
      for (ptrdiff_t j = 0; j < w; j++) g[j] = gradient[at + j] * (T)scale;                       \
      T *y = out + from;                                                                          \
      for (ptrdiff_t i = 0; i < n; i++) {                                                         \
        CK_VECTOR for (ptrdiff_t j = 0; j < w; j++) {                                             \
          y[i * inner + j] = g[j] * (x[i * inner + j] - mean[j]);                                 \
        }                                                                                         \
      }                                                                                           \
    })                                                                                            \
  }
CK_VARIANCE(float, f32)
CK_VARIANCE(double, f64)

#define CK_EXTREME_BACKWARD(T, S)                                                                 \
  CK_CLONES void ck_extreme_backward_##S(                                                         \
      T *out, const T *in, const T *result, const T *gradient, ptrdiff_t outer, ptrdiff_t n,      \
      ptrdiff_t inner) {                                                                          \
    if (inner == 1) {                                                                             \
      for (ptrdiff_t o = 0; o < outer; o++, in += n, out += n) {                                  \
        const T r = result[o];                                                                    \
        T total = 0;                                                                              \
        for (ptrdiff_t i = 0; i < n; i += CK_CHUNK) {                                             \
          total += ck_chunk_count_##S(in + i, r, n - i < CK_CHUNK ? n - i : CK_CHUNK);            \
        }                                                                                         \
        const T share = gradient[o] / total, none = total > 0 ? (T)0 : (T)NAN;                    \
        CK_VECTOR for (ptrdiff_t i = 0; i < n; i++) out[i] = in[i] == r ? share : none;           \
      }                                                                                           \
      return;                                                                                     \
    }                                                                                             \
    T share[CK_TILE], none[CK_TILE];                                                              \
    CK_FOR_TILES(T, {                                                                             \
      const T *r = result + at, *g = gradient + at;                                               \
      T *y = out + from;                                                                          \
      for (ptrdiff_t j = 0; j < w; j++) share[j] = 0;                                             \
      for (ptrdiff_t i = 0; i < n; i++) {                                                         \
        CK_VECTOR for (ptrdiff_t j = 0; j < w; j++) {                                             \
          share[j] += x[i * inner + j] == r[j] ? (T)1 : (T)0;                                     \
        }                                                                                         \
      }                                                                                           \
      for (ptrdiff_t j = 0; j < w; j++) {                                                         \
        none[j] = share[j] > 0 ? (T)0 : (T)NAN;                                                   \
        share[j] = g[j] / share[j];                                                               \
      }                                                                                           \
      for (ptrdiff_t i = 0; i < n; i++) {                                                         \
        CK_VECTOR for (ptrdiff_t j = 0; j < w; j++) {                                             \
          y[i * inner + j] = x[i * inner + j] == r[j] ? share[j] : none[j];                       \
        }                                                                                         \
      }                                                                                           \
    })                                                                                            \
  }
CK_EXTREME_BACKWARD(float, f32)
CK_EXTREME_BACKWARD(double, f64)

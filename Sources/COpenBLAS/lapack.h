// The LAPACK routines in use, with one entry for the four types: s, d, c, z.
//
// Matrices are column-major and without gaps. Workspaces are allocated here. The return value is
// LAPACK's INFO: 0, the index of what failed, or negative.
#pragma once
#include <stddef.h>
#include <stdlib.h>

#define COB_DECLARE(T)                                                                             \
  extern void T##potrf_(const char *, const int *, void *, const int *, int *, size_t);            \
  extern void T##getrf_(const int *, const int *, void *, const int *, int *, int *);              \
  extern void T##getrs_(                                                                           \
      const char *, const int *, const int *, const void *, const int *, const int *, void *,      \
      const int *, int *, size_t);                                                                 \
  extern void T##geqrf_(                                                                           \
      const int *, const int *, void *, const int *, void *, void *, const int *, int *);
COB_DECLARE(s)
COB_DECLARE(d)
COB_DECLARE(c)
COB_DECLARE(z)

#define COB_DECLARE_REAL(T)                                                                        \
  extern void T##gesdd_(                                                                           \
      const char *, const int *, const int *, void *, const int *, void *, void *, const int *,    \
      void *, const int *, void *, const int *, int *, int *, size_t);                             \
  extern void T##syevd_(                                                                           \
      const char *, const char *, const int *, void *, const int *, void *, void *, const int *,   \
      int *, const int *, int *, size_t, size_t);                                                  \
  extern void T##orgqr_(                                                                           \
      const int *, const int *, const int *, void *, const int *, const void *, void *,            \
      const int *, int *);
COB_DECLARE_REAL(s)
COB_DECLARE_REAL(d)

#define COB_DECLARE_COMPLEX(T)                                                                     \
  extern void T##gesdd_(                                                                           \
      const char *, const int *, const int *, void *, const int *, void *, void *, const int *,    \
      void *, const int *, void *, const int *, void *, int *, int *, size_t);                     \
  extern void T##heevd_(                                                                           \
      const char *, const char *, const int *, void *, const int *, void *, void *, const int *,   \
      void *, const int *, int *, const int *, int *, size_t, size_t);                             \
  extern void T##ungqr_(                                                                           \
      const int *, const int *, const int *, void *, const int *, const void *, void *,            \
      const int *, int *);
COB_DECLARE_COMPLEX(c)
COB_DECLARE_COMPLEX(z)

// Calls the routine of a type; `info` is in scope.
#define COB_EACH(type, name, ...)                                                                  \
  switch (type) {                                                                                  \
    case 's': s##name##_(__VA_ARGS__); break;                                                      \
    case 'd': d##name##_(__VA_ARGS__); break;                                                      \
    case 'c': c##name##_(__VA_ARGS__); break;                                                      \
    default: z##name##_(__VA_ARGS__); break;                                                       \
  }

// Bytes of an element, and of its real part.
static inline size_t cob_size(char type) {
  return type == 's' ? 4 : type == 'z' ? 16 : 8;
}
static inline size_t cob_real_size(char type) { return type == 's' || type == 'c' ? 4 : 8; }

// The workspace size a query has left in the first element.
static inline int cob_optimum(char type, const void *work) {
  return (int)(cob_real_size(type) == 4 ? (double)*(const float *)work : *(const double *)work);
}

// The Cholesky factor of a triangle, in place.
static inline int cob_potrf(char type, char uplo, int n, void *a) {
  int info = 0;
  COB_EACH(type, potrf, &uplo, &n, a, &n, &info, 1)
  return info;
}

// The LU factors of an n × n matrix, in place.
static inline int cob_getrf(char type, int n, void *a, int *pivots) {
  int info = 0;
  COB_EACH(type, getrf, &n, &n, a, &n, pivots, &info)
  return info;
}

// Solves op(A) X = B, in the place of B, from the factors of A.
static inline int cob_getrs(
    char type, char op, int n, int columns, const void *factors, const int *pivots, void *b) {
  int info = 0;
  COB_EACH(type, getrs, &op, &n, &columns, factors, &n, pivots, b, &n, &info, 1)
  return info;
}

// The singular values of an m × n matrix, which is destroyed; with `job` S also k, with A all
// left and right vectors, with N none.
static inline int cob_gesdd(
    char type, char job, int m, int n, void *a, void *s, void *u, void *vt) {
  const int k = m < n ? m : n, large = m < n ? n : m;
  const int rows = job == 'A' ? n : job == 'S' ? k : 1;
  int info = 0, length = -1;
  double query[2] = {0, 0};
  const size_t complex_work =
      job == 'N' ? 7 * (size_t)k : (size_t)k * (5 * (size_t)k + 7 + 2 * (size_t)large);
  int *integers = malloc(8 * (size_t)k * sizeof(int));
  void *reals = malloc((complex_work + 1) * cob_real_size(type));
  void *work = query;
  for (int pass = 0; pass < 2; pass++) {
    switch (type) {
      case 's': sgesdd_(&job, &m, &n, a, &m, s, u, &m, vt, &rows, work, &length, integers, &info, 1); break;
      case 'd': dgesdd_(&job, &m, &n, a, &m, s, u, &m, vt, &rows, work, &length, integers, &info, 1); break;
      case 'c': cgesdd_(&job, &m, &n, a, &m, s, u, &m, vt, &rows, work, &length, reals, integers, &info, 1); break;
      default: zgesdd_(&job, &m, &n, a, &m, s, u, &m, vt, &rows, work, &length, reals, integers, &info, 1);
    }
    if (pass == 1 || info != 0) break;
    length = cob_optimum(type, query);
    work = malloc((size_t)length * cob_size(type));
  }
  if (work != query) free(work);
  free(reals);
  free(integers);
  return info;
}

// The eigenvalues, ascending, and with `job` V the eigenvectors of a Hermitian matrix, in place.
static inline int cob_heevd(char type, char job, char uplo, int n, void *a, void *w) {
  int info = 0, length = -1, integer_length = -1, real_length = -1, integer_query = 0;
  double query[2] = {0, 0}, real_query = 0;
  void *work = query, *reals = &real_query;
  int *integers = &integer_query;
  for (int pass = 0; pass < 2; pass++) {
    switch (type) {
      case 's': ssyevd_(&job, &uplo, &n, a, &n, w, work, &length, integers, &integer_length, &info, 1, 1); break;
      case 'd': dsyevd_(&job, &uplo, &n, a, &n, w, work, &length, integers, &integer_length, &info, 1, 1); break;
      case 'c': cheevd_(&job, &uplo, &n, a, &n, w, work, &length, reals, &real_length, integers, &integer_length, &info, 1, 1); break;
      default: zheevd_(&job, &uplo, &n, a, &n, w, work, &length, reals, &real_length, integers, &integer_length, &info, 1, 1);
    }
    if (pass == 1 || info != 0) break;
    length = cob_optimum(type, query);
    real_length = cob_optimum(type, &real_query);
    integer_length = integer_query;
    work = malloc((size_t)(length > 0 ? length : 1) * cob_size(type));
    reals = malloc((size_t)(real_length > 0 ? real_length : 1) * cob_real_size(type));
    integers = malloc((size_t)(integer_length > 0 ? integer_length : 1) * sizeof(int));
  }
  if (work != query) {
    free(work);
    free(reals);
    free(integers);
  }
  return info;
}

// The QR factors of an m × n matrix as reflectors, in place, and their scales.
static inline int cob_geqrf(char type, int m, int n, void *a, void *tau) {
  int info = 0, length = -1;
  double query[2] = {0, 0};
  COB_EACH(type, geqrf, &m, &n, a, &m, tau, query, &length, &info)
  if (info != 0) return info;
  length = cob_optimum(type, query);
  void *work = malloc((size_t)(length > 0 ? length : 1) * cob_size(type));
  COB_EACH(type, geqrf, &m, &n, a, &m, tau, work, &length, &info)
  free(work);
  return info;
}

// The first n columns of Q from its k reflectors, in place.
static inline int cob_orgqr(char type, int m, int n, int k, void *a, const void *tau) {
  int info = 0, length = -1;
  double query[2] = {0, 0};
  void *work = query;
  for (int pass = 0; pass < 2; pass++) {
    switch (type) {
      case 's': sorgqr_(&m, &n, &k, a, &m, tau, work, &length, &info); break;
      case 'd': dorgqr_(&m, &n, &k, a, &m, tau, work, &length, &info); break;
      case 'c': cungqr_(&m, &n, &k, a, &m, tau, work, &length, &info); break;
      default: zungqr_(&m, &n, &k, a, &m, tau, work, &length, &info);
    }
    if (pass == 1 || info != 0) break;
    length = cob_optimum(type, query);
    work = malloc((size_t)(length > 0 ? length : 1) * cob_size(type));
  }
  if (work != query) free(work);
  return info;
}

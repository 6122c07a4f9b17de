// Functions for AVX-512, which may only run where ck_wide_available() says so.
#pragma once
#include <immintrin.h>
#include <stddef.h>
#include "include/ck_wide.h"

#define WIDE __attribute__((target("avx512f,avx2,fma,bmi,bmi2,popcnt")))
#define TILE static inline __attribute__((always_inline, unused, target("avx512f,avx2,fma,bmi,bmi2,popcnt")))
#define UNROLL _Pragma("clang loop unroll(full)")

static inline ptrdiff_t smaller(ptrdiff_t a, ptrdiff_t b) { return a < b ? a : b; }
static inline ptrdiff_t larger(ptrdiff_t a, ptrdiff_t b) { return a > b ? a : b; }

// The element types as C types with the suffixes the loops are named by, for X-macros.
#pragma once
#include <complex.h>
#include <stdbool.h>
#include <stdint.h>
#include "include/ck_dtype.h"
#include "include/ck_macros.h"

// A template's loop vectorises for some types and stays scalar where it calls libm.
#pragma clang diagnostic ignored "-Wpass-failed"

typedef float _Complex ck_c64;
typedef double _Complex ck_c128;

// X(C type, suffix, ...)
#define CK_EACH_INTEGER(X, ...) X(uint8_t, u8, __VA_ARGS__) X(int32_t, i32, __VA_ARGS__) X(int64_t, i64, __VA_ARGS__)
#define CK_EACH_FLOAT(X, ...) X(float, f32, __VA_ARGS__) X(double, f64, __VA_ARGS__)
#define CK_EACH_COMPLEX(X, ...) X(ck_c64, c64, __VA_ARGS__) X(ck_c128, c128, __VA_ARGS__)
#define CK_EACH_REAL(X, ...) CK_EACH_INTEGER(X, __VA_ARGS__) CK_EACH_FLOAT(X, __VA_ARGS__)
#define CK_EACH_INEXACT(X, ...) CK_EACH_FLOAT(X, __VA_ARGS__) CK_EACH_COMPLEX(X, __VA_ARGS__)
#define CK_EACH_NUMBER(X, ...) CK_EACH_REAL(X, __VA_ARGS__) CK_EACH_COMPLEX(X, __VA_ARGS__)
#define CK_EACH_ORDERED(X, ...) X(bool, b, __VA_ARGS__) CK_EACH_REAL(X, __VA_ARGS__)
#define CK_EACH_TYPE(X, ...) X(bool, b, __VA_ARGS__) CK_EACH_NUMBER(X, __VA_ARGS__)

// Dispatch by instruction set pays for the floating-point types only.
#define CK_CLONES_b
#define CK_CLONES_u8
#define CK_CLONES_i32
#define CK_CLONES_i64
#define CK_CLONES_f32 CK_CLONES
#define CK_CLONES_f64 CK_CLONES
#define CK_CLONES_c64
#define CK_CLONES_c128

// Tables indexed by dtype.
#define CK_TABLE_INTEGER(P) [CK_UINT8] = P##_u8, [CK_INT32] = P##_i32, [CK_INT64] = P##_i64
#define CK_TABLE_FLOAT(P) [CK_FLOAT32] = P##_f32, [CK_FLOAT64] = P##_f64
#define CK_TABLE_INEXACT(P) CK_TABLE_FLOAT(P), [CK_COMPLEX64] = P##_c64, [CK_COMPLEX128] = P##_c128
#define CK_TABLE_REAL(P) CK_TABLE_INTEGER(P), CK_TABLE_FLOAT(P)
#define CK_TABLE_NUMBER(P) CK_TABLE_INTEGER(P), CK_TABLE_INEXACT(P)
#define CK_TABLE_ORDERED(P) [CK_BOOL] = P##_b, CK_TABLE_REAL(P)
#define CK_TABLE_ALL(P) [CK_BOOL] = P##_b, CK_TABLE_NUMBER(P)

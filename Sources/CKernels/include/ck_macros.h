// What every kernel file needs: variants by instruction set and loop annotations.
#pragma once

#ifndef __has_feature
#define __has_feature(x) 0
#endif

// Compiles a function for AVX-512, AVX2 with FMA and the baseline; the loader picks one. The
// resolvers run before ThreadSanitizer has started and crash it, so it gets the baseline.
#if defined(__x86_64__) && defined(__linux__) && !__has_feature(thread_sanitizer)
#define CK_CLONES __attribute__((target_clones("avx512f", "arch=x86-64-v3", "default")))
#else
#define CK_CLONES
#endif

// Promises that iterations are independent, also when the output is one of the inputs.
#define CK_VECTOR _Pragma("clang loop vectorize(assume_safety)")

#define CK_INLINE static inline __attribute__((always_inline, unused))

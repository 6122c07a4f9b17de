// Lock-free access to parameters that several workers read and write at the same time.
//
// Every access to shared memory is a relaxed atomic, so the behaviour is defined and visible to
// ThreadSanitizer. "Wide" accesses move 16 bytes at once where the processor does that in one
// instruction (AVX with cmpxchg16b), at 1.1 to 1.8 times the cost of plain moves; elsewhere they fall
// back to four bytes. Nothing is contracted to fused multiply-add: one worker gives the bits of the
// serial optimiser.
#pragma once
#include <stddef.h>
#include <stdint.h>

/// Copies shared parameters to private memory. Both are 16-byte aligned.
void ck_hogwild_load_f32(float *dst, const float *shared, size_t n);
/// shared[i] -= delta[i], 16 bytes at a time: an update between load and store may be lost.
void ck_hogwild_subtract_wide_f32(float *shared, const float *delta, size_t n);
/// shared[i] -= delta[i], 4 bytes at a time: the window for a lost update is smallest.
void ck_hogwild_subtract_relaxed_f32(float *shared, const float *delta, size_t n);
/// shared[i] -= delta[i] by compare-and-swap: no update is lost. Returns the number of retries.
uint64_t ck_hogwild_subtract_exact_f32(float *shared, const float *delta, size_t n);
/// The step of SGD, computed in private memory: d = g + decay·w; with momentum b = momentum·b + d, then
/// d = b, or d + momentum·b with Nesterov; delta = lr·d. The buffer starts at zero and may be null
/// without momentum.
void ck_hogwild_sgd_delta_f32(float *delta, const float *gradient, const float *snapshot,
                              float *momentum_buffer, size_t n, double lr, double momentum, double decay,
                              int nesterov);

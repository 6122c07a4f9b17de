// Philox4x32-10 (Salmon, Moraes, Dror, Shaw 2011) and the distributions made from it.
//
// The value of element i depends only on (seed, stream, i): element i uses word i % 4 of the block with
// counter {i / 4, stream} under key `seed`. Runs may start anywhere.
#pragma once
#include <stddef.h>
#include <stdint.h>

/// One block: four words from a 128-bit counter and a 64-bit key.
void ck_philox_block(uint32_t out[4], const uint32_t counter[4], const uint32_t key[2]);
/// Raw words for elements first …< first + count.
void ck_random_words(uint32_t *out, uint64_t seed, uint64_t stream, uint64_t first, ptrdiff_t count);
/// Multiples of 2^-24 (float32) or of 2^-32 (float64) in [0, 1), mapped to low + u * (high - low).
void ck_random_uniform_f32(
    float *out, uint64_t seed, uint64_t stream, uint64_t first, ptrdiff_t count, float low,
    float high);
void ck_random_uniform_f64(
    double *out, uint64_t seed, uint64_t stream, uint64_t first, ptrdiff_t count, double low,
    double high);
/// Normal values by Box and Muller's transform; elements 2k and 2k + 1 form a pair.
void ck_random_normal_f32(
    float *out, uint64_t seed, uint64_t stream, uint64_t first, ptrdiff_t count, float mean,
    float deviation);
void ck_random_normal_f64(
    double *out, uint64_t seed, uint64_t stream, uint64_t first, ptrdiff_t count, double mean,
    double deviation);
/// 1 with the given probability, else 0.
void ck_random_bernoulli(
    uint8_t *out, uint64_t seed, uint64_t stream, uint64_t first, ptrdiff_t count,
    double probability);

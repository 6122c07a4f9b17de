// Memory shared by the ranks of a host: the records that lie in it, waiting, and sums over ranks.
//
// Everything that synchronises is out of line: functions that Swift's importer inlines are not
// instrumented by ThreadSanitizer, which would then not see the ordering they establish.
#pragma once
#include <stddef.h>
#include <stdint.h>

// MARK: Waiting

/// A counter that only grows, with the number of threads asleep until it does.
typedef struct {
  uint32_t value;
  uint32_t sleepers;
} ck_epoch;

/// How long a waiter spins, then yields, before it sleeps.
typedef struct {
  uint32_t pauses;             ///< processor pauses, a few tens of nanoseconds each
  uint32_t yield_nanoseconds;  ///< time spent giving the core to others
} ck_wait_policy;

enum {
  CK_WAIT_REACHED = 0,  ///< the epoch reached the target
  CK_WAIT_FAILED = 1,   ///< a rank has failed
  CK_WAIT_SLICE = 2,    ///< the time slice is over: look at the clock, then wait again
};

/// Sets the epoch, releasing all earlier writes, and wakes those asleep on it.
void ck_epoch_publish(ck_epoch *epoch, uint32_t value);
/// The epoch, acquiring all writes released before it.
uint32_t ck_epoch_load(const ck_epoch *epoch);
/// Waits until the epoch is at or after `target` (modulo 2^32) or `failure` is not zero.
int ck_epoch_wait(ck_epoch *epoch, uint32_t target, const uint32_t *failure, ck_wait_policy policy,
                  uint64_t slice_nanoseconds);
/// Wakes all sleepers without a change, so that they look at the failure word.
void ck_epoch_wake(ck_epoch *epoch);
/// Whether `epoch` is at or after `target`, modulo 2^32.
static inline int ck_epoch_passed(uint32_t epoch, uint32_t target) {
  return (int32_t)(epoch - target) >= 0;
}

/// Nanoseconds of the monotonic clock.
uint64_t ck_monotonic_nanoseconds(void);

// MARK: The system

/// The processors the calling thread may use, as a mask of `count` words.
void ck_affinity_mask(uint64_t *words, int count);
/// A file that exists in memory only, with pages of 4 KiB or huge ones; -1 and errno on failure.
int ck_memory_file(const char *name, int huge);
/// Has the system send this process a signal when its parent dies; -1 and errno on failure.
int ck_die_with_parent(int signal);

// MARK: Records

/// What a rank says of the collective it begins; two generations, as a fast rank is one ahead.
typedef struct {
  uint64_t descriptor;
  uint64_t count;
} ck_header;

enum { CK_CHANNELS = 4, CK_PAYLOAD_WORDS = 7 };

/// The line of one rank: 128 bytes, as processors prefetch lines of 64 in pairs.
typedef struct {
  ck_epoch channels[CK_CHANNELS];
  ck_header headers[2];
  uint64_t process;
  uint64_t payload[CK_PAYLOAD_WORDS];
} ck_rank_line;

/// What a rank is doing, for those who wait for it: 128 bytes, each word stored and read on its own.
typedef struct {
  uint64_t process;
  uint64_t phase;       ///< the phase in the low byte, 1 + the step above it
  uint64_t phase_time;  ///< when it began, on the monotonic clock
  uint64_t collectives; ///< collectives begun
  ck_header operation;  ///< the last of them, or a message since
  uint64_t awaited;     ///< 1 + the rank it waits for; 0 while it waits for none
  uint64_t process_space;  ///< the name space that gives `process` its meaning
  uint64_t reserved[8];
} ck_rank_activity;

/// Notes the phase a rank begins.
void ck_activity_phase(ck_rank_activity *activity, uint64_t phase);
/// Notes the operation a rank begins and adds to the number of its collectives.
void ck_activity_operation(ck_rank_activity *activity, ck_header operation, uint64_t collectives);

enum { CK_FAILURE_TEXT = 928, CK_FAILURE_RANKS = 16 };

/// What a failure was.
typedef struct {
  uint32_t kind;
  int32_t origin;
  int32_t reporter;  ///< the rank that tells the user
  uint32_t rank_count;
  uint32_t length;
  int32_t ranks[CK_FAILURE_RANKS];
  char text[CK_FAILURE_TEXT];
} ck_failure_details;

/// The first failure among the ranks; `state` is the error word all waiters look at.
typedef struct {
  uint32_t state;    ///< 0 none, 1 written
  uint32_t claimed;  ///< 0 none, 1 when a rank has begun to write
  ck_failure_details details;
} ck_failure;

/// Claims the record for the caller, who must fill it and then raise it; 0 when somebody was first.
int ck_failure_claim(ck_failure *failure);
/// Makes a filled record visible.
void ck_failure_raise(ck_failure *failure);
/// Whether a failure has been raised, acquiring its record.
int ck_failure_raised(const ck_failure *failure);

/// Stores a word that others read with `ck_word_load`.
void ck_word_store(uint64_t *word, uint64_t value);
uint64_t ck_word_load(const uint64_t *word);
/// Sets bits in a word.
void ck_word_or(uint64_t *word, uint64_t bits);

// MARK: Sums over ranks

enum { CK_REDUCE_SUM = 0, CK_REDUCE_MIN = 1, CK_REDUCE_MAX = 2 };

// out[i] = reduction over r of sources[r][i], divided by `divisor` unless that is 1. Sums follow
// the fixed tree sum(lo, hi) = sum(lo, mid) + sum(mid, hi), mid = lo + the largest power of two
// below hi - lo, so the bits depend on the number of ranks alone. `out` may be one of the sources.
// Integer sums wrap; integer means round toward zero. A NaN among the sources is the result of
// every operation.
void ck_shared_reduce_f32(float *out, const float *const *sources, int count, size_t elements,
                          int operation, float divisor);
void ck_shared_reduce_f64(double *out, const double *const *sources, int count, size_t elements,
                          int operation, double divisor);
void ck_shared_reduce_i64(int64_t *out, const int64_t *const *sources, int count, size_t elements,
                          int operation, int64_t divisor);

// The same reduction of elements `begin` to `end` (exclusive), written to all buffers. What was read
// from the cache of another rank is overwritten at once, which costs nothing extra; left as it is,
// its owner's next write costs far more (see `ck_shared_claim`).
void ck_shared_all_reduce_f32(float *const *buffers, int count, size_t begin, size_t end,
                              int operation, float divisor);
void ck_shared_all_reduce_f64(double *const *buffers, int count, size_t begin, size_t end,
                              int operation, double divisor);
void ck_shared_all_reduce_i64(int64_t *const *buffers, int count, size_t begin, size_t end,
                              int operation, int64_t divisor);

// Makes the lines of `bytes` (aligned to 4) the caller's own by storing in each the word it holds.
//
// For memory that another rank has written, this one has read, and the other will write again. A line
// that a peer has only read costs its writer 26 ns, as the line is then clean in the peer's cache; one
// that the peer has written costs 2 ns, straight from cache to cache (EPYC of family 25, two cores).
// No other rank may read or write the bytes meanwhile.
void ck_shared_claim(void *bytes, size_t count);

// Asks for the lines of `bytes` as if to write them, which leaves them to one cache.
//
// A hint without an access: other ranks may go on reading, and then share the lines again.
void ck_shared_prefetch_for_writing(const void *bytes, size_t count);

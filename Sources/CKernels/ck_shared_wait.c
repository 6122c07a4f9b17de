#define _GNU_SOURCE
#include <errno.h>
#include <limits.h>
#include <linux/futex.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "include/ck_atomic.h"
#include "include/ck_shared.h"

uint64_t ck_monotonic_nanoseconds(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

// The sleeper counts itself, then lets the kernel compare the epoch; the publisher changes the
// epoch, then reads the count. Both pairs are sequentially consistent, so one of them sees the other.

void ck_epoch_publish(ck_epoch *epoch, uint32_t value) {
  __atomic_store_n(&epoch->value, value, __ATOMIC_SEQ_CST);
  if (__atomic_load_n(&epoch->sleepers, __ATOMIC_SEQ_CST) != 0) ck_epoch_wake(epoch);
}

uint32_t ck_epoch_load(const ck_epoch *epoch) {
  return __atomic_load_n(&epoch->value, __ATOMIC_ACQUIRE);
}

void ck_epoch_wake(ck_epoch *epoch) { ck_futex_wake(&epoch->value, INT_MAX); }

int ck_epoch_wait(ck_epoch *epoch, uint32_t target, const uint32_t *failure, ck_wait_policy policy,
                  uint64_t slice_nanoseconds) {
  for (uint32_t i = 0;; i++) {
    if (ck_epoch_passed(ck_epoch_load(epoch), target)) return CK_WAIT_REACHED;
    if (ck_load_acquire_u32(failure) != 0) return CK_WAIT_FAILED;
    if (i >= policy.pauses) break;
    ck_pause();
  }
  const uint64_t start = ck_monotonic_nanoseconds();
  uint64_t now = start;
  while (now - start < policy.yield_nanoseconds) {
    sched_yield();
    if (ck_epoch_passed(ck_epoch_load(epoch), target)) return CK_WAIT_REACHED;
    if (ck_load_acquire_u32(failure) != 0) return CK_WAIT_FAILED;
    now = ck_monotonic_nanoseconds();
  }
  const uint64_t end = now + slice_nanoseconds;
  int result = CK_WAIT_SLICE;
  __atomic_fetch_add(&epoch->sleepers, 1, __ATOMIC_SEQ_CST);
  for (;;) {
    const uint32_t seen = __atomic_load_n(&epoch->value, __ATOMIC_SEQ_CST);
    if (ck_epoch_passed(seen, target)) {
      result = CK_WAIT_REACHED;
      break;
    }
    if (ck_load_acquire_u32(failure) != 0) {
      result = CK_WAIT_FAILED;
      break;
    }
    now = ck_monotonic_nanoseconds();
    if (now >= end) break;
    ck_futex_wait(&epoch->value, seen, end - now);
  }
  __atomic_fetch_sub(&epoch->sleepers, 1, __ATOMIC_SEQ_CST);
  return result;
}

int ck_failure_claim(ck_failure *failure) {
  uint32_t none = 0;
  return __atomic_compare_exchange_n(&failure->claimed, &none, 1, 0, __ATOMIC_ACQ_REL,
                                     __ATOMIC_ACQUIRE);
}

void ck_failure_raise(ck_failure *failure) { ck_store_release_u32(&failure->state, 1); }

int ck_failure_raised(const ck_failure *failure) { return ck_load_acquire_u32(&failure->state) != 0; }

void ck_activity_phase(ck_rank_activity *activity, uint64_t phase) {
  ck_store_relaxed_u64(&activity->phase_time, ck_monotonic_nanoseconds());
  ck_store_release_u64(&activity->phase, phase);
}

void ck_activity_operation(ck_rank_activity *activity, ck_header operation, uint64_t collectives) {
  ck_store_relaxed_u64(&activity->operation.descriptor, operation.descriptor);
  ck_store_relaxed_u64(&activity->operation.count, operation.count);
  ck_store_release_u64(&activity->collectives, ck_load_relaxed_u64(&activity->collectives) + collectives);
}

void ck_word_store(uint64_t *word, uint64_t value) { ck_store_release_u64(word, value); }

uint64_t ck_word_load(const uint64_t *word) { return ck_load_acquire_u64(word); }

void ck_word_or(uint64_t *word, uint64_t bits) {
  __atomic_fetch_or(word, bits, __ATOMIC_ACQ_REL);
}

void ck_futex_wait(const uint32_t *word, uint32_t expected, uint64_t nanoseconds) {
  struct timespec timeout = {.tv_sec = (time_t)(nanoseconds / 1000000000u),
                             .tv_nsec = (long)(nanoseconds % 1000000000u)};
  // The caller looks at the word again whatever the reason of the return.
  syscall(SYS_futex, word, FUTEX_WAIT, expected, &timeout, NULL, 0);
}

void ck_futex_wake(const uint32_t *word, int count) {
  syscall(SYS_futex, word, FUTEX_WAKE, count, NULL, NULL, 0);
}

void ck_affinity_mask(uint64_t *words, int count) {
  cpu_set_t set;
  CPU_ZERO(&set);
  for (int i = 0; i < count; i++) words[i] = 0;
  if (sched_getaffinity(0, sizeof set, &set) != 0) return;
  for (int cpu = 0; cpu < CPU_SETSIZE && cpu < count * 64; cpu++) {
    if (CPU_ISSET(cpu, &set)) words[cpu / 64] |= (uint64_t)1 << (cpu % 64);
  }
}

int ck_memory_file(const char *name, int huge) {
  return memfd_create(name, MFD_CLOEXEC | (huge ? MFD_HUGETLB : 0));
}

int ck_die_with_parent(int signal) { return prctl(PR_SET_PDEATHSIG, signal, 0, 0, 0); }

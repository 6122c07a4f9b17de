// Thread-local words: a task-local read in Swift costs 13-17 ns, these cost nothing.
#pragma once
#include <stdint.h>

/// What each thread keeps; zero when the thread starts.
typedef struct {
  uint32_t modes;            ///< autograd modes, see Modes
  uint32_t forward_level;    ///< number of the forward-mode level in force, 0 when none is
  void *_Nullable release_list;        ///< nodes waiting to be released while a graph is taken down
  void *_Nullable backward_pass;       ///< the backward pass this thread is running
  void *_Nullable between_nodes;       ///< what to call between nodes of a backward pass
  void *_Nullable random_context;      ///< the random number context in force
  void *_Nullable allocator_cache;     ///< this thread's cached blocks
  uint64_t backward_depth;   ///< nested backward passes
  void *_Nullable trace;               ///< what this thread records its events in, see ThreadRecord
  void *_Nullable operator_trace;      ///< the same while operators are recorded, too
} ck_thread_state;

extern _Thread_local ck_thread_state ck_thread_state_storage;
static inline ck_thread_state *_Nonnull ck_thread(void) { return &ck_thread_state_storage; }

/// Numbers recorded operations, across all threads of the process.
extern uint64_t ck_sequence_counter;
static inline uint64_t ck_next_sequence(void) {
  return __atomic_add_fetch(&ck_sequence_counter, 1, __ATOMIC_RELAXED);
}

/// The list of nodes this thread is releasing. Out of line, so that the compiler moves no release of an
/// object across the change of the list.
void *_Nullable ck_release_list(void);
void ck_set_release_list(void *_Nullable list);

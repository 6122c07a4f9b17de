#include "include/ck_thread.h"

_Thread_local ck_thread_state ck_thread_state_storage;

uint64_t ck_sequence_counter = 0;

void *ck_release_list(void) { return ck_thread_state_storage.release_list; }

void ck_set_release_list(void *list) { ck_thread_state_storage.release_list = list; }

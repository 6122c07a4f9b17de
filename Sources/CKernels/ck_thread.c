#include "include/ck_thread.h"

_Thread_local ck_thread_state ck_thread_state_storage;

uint64_t ck_sequence_counter = 0;

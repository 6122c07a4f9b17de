#pragma once
#include "ck_macros.h"

// Starts a program that shares neither session nor open files with this process; it reads from a pipe
// and its output is thrown away. Leaves the writing end in `input`; returns 0 or the errno.
int ck_spawn_detached(const char *const *arguments, int *input);

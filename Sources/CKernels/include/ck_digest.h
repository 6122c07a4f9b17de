// Digests of memory, to compare copies of the same thing between processes.
#pragma once
#include <stdint.h>

/// Adds `count` bytes to the digest in `state[0]` and `state[1]`; any start is good.
///
/// The result depends on how bytes are cut into calls. Not for use against an adversary.
void ck_digest(uint64_t *state, const void *bytes, int64_t count);

/// Adds the code and data of the running program's file (the segments that are loaded, so debugging
/// information and shared libraries are left out) to a digest; returns 0 if the file cannot be read.
int ck_digest_program(uint64_t *state);

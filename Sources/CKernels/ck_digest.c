#define _GNU_SOURCE
#include <elf.h>
#include <fcntl.h>
#include <link.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "include/ck_digest.h"

// A 64 × 64-bit product folded onto itself (Wang Yi's wyhash, 2019) mixes 16 bytes in one multiplication.
static inline uint64_t fold(uint64_t a, uint64_t b) {
  __uint128_t product = (__uint128_t)a * b;
  return (uint64_t)product ^ (uint64_t)(product >> 64);
}

static inline uint64_t rotate(uint64_t x, int bits) { return x << bits | x >> (64 - bits); }

// Square roots of small primes: no structure that data could have.
static const uint64_t roots[4] = {0x6a09e667f3bcc908, 0xbb67ae8584caa73b, 0x3c6ef372fe94f82b,
                                  0xa54ff53a5f1d36f1};

// The old state is added so that no word, not even one that makes the product 0, can erase it.
static inline void mix(uint64_t *state, const uint64_t *words) {
  state[0] = fold(words[0] ^ state[0], words[1] ^ roots[0]) + rotate(state[0], 23);
  state[1] = fold(words[2] ^ state[1], words[3] ^ roots[1]) + rotate(state[1], 29);
}

void ck_digest(uint64_t *state, const void *bytes, int64_t count) {
  const char *source = bytes;
  uint64_t words[4];
  uint64_t lanes[2] = {state[0], state[1]};
  int64_t index = 0;
  for (; index + 32 <= count; index += 32) {
    memcpy(words, source + index, 32);
    mix(lanes, words);
  }
  memset(words, 0, 32);
  if (index < count) memcpy(words, source + index, (size_t)(count - index));
  mix(lanes, words);
  // The length tells zeros at the end from nothing; both lanes then reach both halves.
  state[0] = fold(lanes[0] ^ roots[2], lanes[1] ^ (uint64_t)count ^ roots[3]) + lanes[1];
  state[1] = fold(lanes[1] ^ roots[3], lanes[0] ^ (uint64_t)count ^ roots[2]) + lanes[0];
}

// The program's file, mapped: in memory, relocations have changed what can be written to.
struct program {
  uint64_t *state;
  const char *file;
  int64_t bytes;
};

static int add_segments(struct dl_phdr_info *info, size_t size, void *context) {
  (void)size;
  const struct program *program = context;
  for (int index = 0; index < info->dlpi_phnum; index++) {
    const ElfW(Phdr) *header = &info->dlpi_phdr[index];
    const int64_t start = (int64_t)header->p_offset, count = (int64_t)header->p_filesz;
    if (header->p_type != PT_LOAD || start + count > program->bytes) continue;
    ck_digest(program->state, program->file + start, count);
  }
  // The program comes first: anything but 0 ends the visit.
  return 1;
}

int ck_digest_program(uint64_t *state) {
  const int descriptor = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) return 0;
  struct stat status;
  void *file = MAP_FAILED;
  if (fstat(descriptor, &status) == 0 && status.st_size > 0) {
    file = mmap(NULL, (size_t)status.st_size, PROT_READ, MAP_PRIVATE, descriptor, 0);
  }
  close(descriptor);
  if (file == MAP_FAILED) return 0;
  struct program program = {state, file, status.st_size};
  dl_iterate_phdr(add_segments, &program);
  munmap(file, (size_t)status.st_size);
  return 1;
}

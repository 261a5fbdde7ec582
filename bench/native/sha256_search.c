/*
 * The `sha256` puzzle as an attacker would solve it: natively, on one core, in the cheapest way that
 * we know. See docs/solver.md. Build: cc -O3 -o sha256_search sha256_search.c
 *
 *   sha256_search forms                                     names of what this CPU runs, best first
 *   sha256_search FORM rate SECONDS                         {"hashes": n, "seconds": s}
 *   sha256_search FORM accepts SEED INDEX NONCE THRESHOLD   true or false
 *   sha256_search FORM solve SEED COUNT THRESHOLD           the answers, as a list
 *   sha256_search FORM solve                                the same for each line of the input
 *
 * SEED and THRESHOLD are hexadecimal; FORM is one of the names, or `best`.
 */

#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static const uint32_t K[64] = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
};
static const uint32_t START[8] = {
    0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19,
};

/* Nonces stay below 2^53. */
#define UPPER_HALVES (1u << 21)

/*
 * The word of the block that is searched: the nonce's upper half. Any nonce will do, and with the
 * lower half held still there is one round more that is the same for all, and fewer words of the
 * schedule that differ: these.
 */
#define NONCE 10
#define VARIES(i) ((i) == 10 || (i) == 17 || (i) == 19 || (i) == 21 || (i) >= 23)

#define ROTR32(x, n) ((x) >> (n) | (x) << (32 - (n)))
#define SWAP32(x) \
  ((uint32_t)(x) >> 24 | ((x) >> 8 & 0xff00) | ((x) << 8 & 0xff0000) | (uint32_t)(x) << 24)

static uint32_t big0(uint32_t x) { return ROTR32(x, 2) ^ ROTR32(x, 13) ^ ROTR32(x, 22); }
static uint32_t big1(uint32_t x) { return ROTR32(x, 6) ^ ROTR32(x, 11) ^ ROTR32(x, 25); }
static uint32_t small0(uint32_t x) { return ROTR32(x, 7) ^ ROTR32(x, 18) ^ x >> 3; }
static uint32_t small1(uint32_t x) { return ROTR32(x, 17) ^ ROTR32(x, 19) ^ x >> 10; }

/* Everything about one sub-puzzle and one lower half that the upper half does not change. */
struct search {
  uint32_t words[16];
  /* of each word of the schedule, the sum of the parts that are the same for all */
  uint32_t fixed[64];
  /* what round i adds: its constant, its word if that is the same for all, and at last START[0] */
  uint32_t added[64];
  /* before round NONCE */
  uint32_t before[8];
  /* after round NONCE, had its word been 0: the word is added to the first and the fifth */
  uint32_t after[8];
};

static void round_of(uint32_t s[8], uint32_t added) {
  uint32_t t1 = s[7] + big1(s[4]) + (s[6] ^ (s[4] & (s[5] ^ s[6]))) + added;
  uint32_t t2 = big0(s[0]) + ((s[0] & s[1]) | (s[2] & (s[0] | s[1])));
  memmove(s + 1, s, 7 * sizeof *s);
  s[4] += t1;
  s[0] = t1 + t2;
}

static struct search prepare(const uint8_t seed[32], uint32_t index, uint32_t lower) {
  struct search s = {0};
  for (int i = 0; i < 8; i++) {
    const uint8_t *at = seed + 4 * i;
    s.words[i] = (uint32_t)at[0] << 24 | at[1] << 16 | at[2] << 8 | at[3];
  }
  s.words[8] = SWAP32(index);
  s.words[9] = SWAP32(lower);
  s.words[11] = 0x80000000;
  s.words[15] = 44 * 8;
  memcpy(s.fixed, s.words, sizeof s.words);
  for (int i = 16; i < 64; i++) {
    if (!VARIES(i - 16)) s.fixed[i] += s.fixed[i - 16];
    if (!VARIES(i - 15)) s.fixed[i] += small0(s.fixed[i - 15]);
    if (!VARIES(i - 7)) s.fixed[i] += s.fixed[i - 7];
    if (!VARIES(i - 2)) s.fixed[i] += small1(s.fixed[i - 2]);
  }
  for (int i = 0; i < 64; i++) s.added[i] = K[i] + (VARIES(i) ? 0 : s.fixed[i]);
  s.added[63] += START[0];
  memcpy(s.before, START, sizeof START);
  for (int i = 0; i < NONCE; i++) round_of(s.before, s.added[i]);
  memcpy(s.after, s.before, sizeof s.before);
  round_of(s.after, s.added[NONCE]);
  return s;
}

/* The first 64 bits of the digest, big endian, by the book. */
static uint64_t output(const struct search *s, uint32_t upper) {
  uint32_t w[64], state[8];
  memcpy(w, s->words, sizeof s->words);
  w[NONCE] = SWAP32(upper);
  for (int i = 16; i < 64; i++) w[i] = w[i - 16] + small0(w[i - 15]) + w[i - 7] + small1(w[i - 2]);
  memcpy(state, START, sizeof START);
  for (int i = 0; i < 64; i++) round_of(state, K[i] + w[i]);
  return (uint64_t)(state[0] + START[0]) << 32 | (uint32_t)(state[1] + START[1]);
}

/*
 * Tries upper halves from `from`, a multiple of the form's lanes, to `to`, a group of lanes at a
 * time. Returns the start of the first group in which an output's first 32 bits are at most
 * `high`, and in `hits` a bit for each lane that has one; `to` if there is no such group.
 */
typedef uint32_t scan(const struct search *s, uint32_t from, uint32_t to, uint32_t high,
                      uint64_t *hits);

/* The first byte of word NONCE is the lowest of the upper half, so lanes count in it. */
static const uint32_t COUNTED[16] = {
    0 << 24, 1 << 24, 2 << 24,  3 << 24,  4 << 24,  5 << 24,  6 << 24,  7 << 24,
    8 << 24, 9 << 24, 10 << 24, 11 << 24, 12 << 24, 13 << 24, 14 << 24, 15 << 24,
};

#define NAME scan_scalar
#define LANES 1
#define TARGET
#include "sha256_lanes.h"

#define NAME scan_lanes4
#define LANES 4
#define TARGET
#include "sha256_lanes.h"

#if defined(__x86_64__)
#include <immintrin.h>

#define NAME scan_avx2
#define LANES 8
#define TARGET __attribute__((target("avx2")))
#include "sha256_lanes.h"

#define NAME scan_avx512
#define LANES 16
#define TARGET __attribute__((target("avx512f")))
#include "sha256_lanes.h"

#define NAME scan_shani
#define TARGET __attribute__((target("sha,avx")))
#include "sha256_shani.h"

/* Without a word of AVX-512 in it: what it gains is sixteen registers more. */
#define NAME scan_shani_vl
#define TARGET __attribute__((target("sha,avx512vl")))
#include "sha256_shani.h"

/* Asked of the processor itself: not every compiler's library has __builtin_cpu_supports. */
#include <cpuid.h>
static int has(unsigned leaf7_bits, unsigned saved_states) {
  unsigned a, b, c, d, low, high;
  const unsigned avx_and_saving = 3u << 27;
  if (!__get_cpuid(1, &a, &b, &c, &d) || (c & avx_and_saving) != avx_and_saving) return 0;
  /* Whether the system keeps these registers when it changes tasks. */
  __asm__("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
  if ((low & saved_states) != saved_states) return 0;
  return __get_cpuid_count(7, 0, &a, &b, &c, &d) && (b & leaf7_bits) == leaf7_bits;
}
#define AVX2 (1u << 5)
#define AVX512F (1u << 16)
#define SHANI (1u << 29)
#define AVX512VL (1u << 31)
#define YMM 0x06
#define ZMM 0xe6
static int has_avx2(void) { return has(AVX2, YMM); }
static int has_avx512(void) { return has(AVX512F, ZMM); }
static int has_shani(void) { return has(SHANI, YMM); }
static int has_shani_vl(void) { return has(SHANI | AVX512F | AVX512VL, ZMM); }
#endif

static int always(void) { return 1; }

static const struct form {
  const char *name;
  scan *scan;
  uint32_t lanes;
  int (*runs)(void);
} FORMS[] = {
#if defined(__x86_64__)
    {"shani_vl", scan_shani_vl, SHANI_STREAMS, has_shani_vl},
    {"avx512", scan_avx512, 16, has_avx512},
    {"shani", scan_shani, SHANI_STREAMS, has_shani},
    {"avx2", scan_avx2, 8, has_avx2},
#endif
    {"lanes4", scan_lanes4, 4, always},
    {"scalar", scan_scalar, 1, always},
};
#define FORM_COUNT (sizeof FORMS / sizeof *FORMS)

static uint64_t answer(const struct form *form, const uint8_t seed[32], uint32_t index,
                       uint64_t threshold) {
  for (uint64_t lower = 0; lower <= UINT32_MAX; lower++) {
    struct search s = prepare(seed, index, (uint32_t)lower);
    for (uint32_t at = 0; at < UPPER_HALVES; at += form->lanes) {
      uint64_t hits = 0;
      at = form->scan(&s, at, UPPER_HALVES, (uint32_t)(threshold >> 32), &hits);
      for (uint32_t lane = 0; hits >> lane; lane++) {
        if ((hits >> lane & 1) && output(&s, at + lane) <= threshold) {
          return (uint64_t)(at + lane) << 32 | lower;
        }
      }
    }
  }
  fprintf(stderr, "no nonce is accepted\n");
  exit(1);
}

static int accepts(const struct form *form, const uint8_t seed[32], uint32_t index, uint64_t nonce,
                   uint64_t threshold) {
  struct search s = prepare(seed, index, (uint32_t)nonce);
  uint32_t upper = (uint32_t)(nonce >> 32), from = upper / form->lanes * form->lanes;
  uint64_t hits = 0;
  form->scan(&s, from, from + form->lanes, (uint32_t)(threshold >> 32), &hits);
  return (hits >> (upper - from) & 1) && output(&s, upper) <= threshold;
}

/* Of processor time, so that whatever else runs does not count. */
static void rate(const struct form *form, double seconds) {
  const uint8_t seed[32] = {0};
  const uint32_t slice = 1 << 16;
  clock_t started = clock();
  double took = 0;
  uint64_t hashes = 0, hits = 0;
  for (uint32_t lower = 0; took < seconds; lower++) {
    struct search s = prepare(seed, 0, lower);
    for (uint32_t at = 0; at < UPPER_HALVES && took < seconds; at += slice) {
      form->scan(&s, at, at + slice, 0, &hits);
      hashes += slice;
      took = (double)(clock() - started) / CLOCKS_PER_SEC;
    }
  }
  printf("{\"hashes\": %" PRIu64 ", \"seconds\": %.6f}\n", hashes, took);
}

static void read_seed(const char *text, uint8_t seed[32]) {
  unsigned byte;
  for (int i = 0; i < 32; i++) {
    if (sscanf(text + 2 * i, "%2x", &byte) != 1) {
      fprintf(stderr, "a seed is 64 hexadecimal digits\n");
      exit(2);
    }
    seed[i] = (uint8_t)byte;
  }
}

static void solve(const struct form *form, const char *seed_text, uint32_t count,
                  uint64_t threshold) {
  uint8_t seed[32];
  read_seed(seed_text, seed);
  for (uint32_t index = 0; index < count; index++) {
    printf("%s%" PRIu64, index ? ", " : "[", answer(form, seed, index, threshold));
  }
  printf("]\n");
  fflush(stdout);
}

static void solve_lines(const struct form *form) {
  char line[256], seed[65];
  uint32_t count;
  uint64_t threshold;
  while (fgets(line, sizeof line, stdin)) {
    if (sscanf(line, "%64s %" SCNu32 " %" SCNx64, seed, &count, &threshold) != 3) exit(2);
    solve(form, seed, count, threshold);
  }
}

static const struct form *form_named(const char *name) {
  for (size_t i = 0; i < FORM_COUNT; i++) {
    if (!FORMS[i].runs()) continue;
    if (!strcmp(name, FORMS[i].name) || !strcmp(name, "best")) return &FORMS[i];
  }
  fprintf(stderr, "no form %s here\n", name);
  exit(2);
}

static void print_forms(void) {
  const char *before = "[";
  for (size_t i = 0; i < FORM_COUNT; i++) {
    if (!FORMS[i].runs()) continue;
    printf("%s\"%s\"", before, FORMS[i].name);
    before = ", ";
  }
  printf("]\n");
}

static int is(const char *word, const char *name, int arguments, int wanted) {
  return !strcmp(word, name) && arguments == wanted;
}

int main(int argc, char **argv) {
  if (argc == 2 && !strcmp(argv[1], "forms")) return print_forms(), 0;
  if (argc < 3) return fprintf(stderr, "see the head of sha256_search.c\n"), 2;
  const struct form *form = form_named(argv[1]);
  const char *word = argv[2];
  char **rest = argv + 3;
  int arguments = argc - 3;
  uint8_t seed[32];
  if (is(word, "rate", arguments, 1)) {
    rate(form, atof(rest[0]));
  } else if (is(word, "solve", arguments, 0)) {
    solve_lines(form);
  } else if (is(word, "solve", arguments, 3)) {
    solve(form, rest[0], (uint32_t)strtoul(rest[1], 0, 10), strtoull(rest[2], 0, 16));
  } else if (is(word, "accepts", arguments, 4)) {
    read_seed(rest[0], seed);
    uint64_t nonce = strtoull(rest[2], 0, 10), threshold = strtoull(rest[3], 0, 16);
    puts(accepts(form, seed, (uint32_t)strtoul(rest[1], 0, 10), nonce, threshold) ? "true" : "false");
  } else {
    return fprintf(stderr, "see the head of sha256_search.c\n"), 2;
  }
  return 0;
}

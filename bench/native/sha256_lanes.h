/*
 * A `scan` of several upper halves at once, included once for each: NAME is the function, LANES how
 * many it tries (1, 4, 8 or 16), TARGET the instructions that it may use.
 */

#if LANES == 1
#define LANES_T uint32_t
#else
#define LANES_T uint32_t __attribute__((vector_size(4 * LANES)))
#endif

#if LANES == 16
#define V(x) ((__m512i)(x))
#define ROTR(x, n) ((lanes)_mm512_ror_epi32(V(x), n))
#define XOR3(x, y, z) ((lanes)_mm512_ternarylogic_epi32(V(x), V(y), V(z), 0x96))
#define CH(x, y, z) ((lanes)_mm512_ternarylogic_epi32(V(x), V(y), V(z), 0xca))
#define MAJ(x, y, z) ((lanes)_mm512_ternarylogic_epi32(V(x), V(y), V(z), 0xe8))
#define HITS(x) _mm512_cmple_epu32_mask(V(x), V(limit))
#else
#define ROTR(x, n) ((x) >> (n) | (x) << (32 - (n)))
#define XOR3(x, y, z) ((x) ^ (y) ^ (z))
#define CH(x, y, z) ((z) ^ ((x) & ((y) ^ (z))))
/* Its x ^ y is the next round's y ^ z. */
#define MAJ(x, y, z) ((y) ^ (((x) ^ (y)) & ((y) ^ (z))))
#if LANES == 8
#define HITS(x) (unsigned)_mm256_movemask_ps((__m256)((x) <= limit))
#elif LANES == 4
#define BIT(x, i) ((uint64_t)((x) <= limit)[i] & 1u << (i))
#define HITS(x) (BIT(x, 0) | BIT(x, 1) | BIT(x, 2) | BIT(x, 3))
#else
#define HITS(x) ((x) <= limit)
#endif
#endif

#define BIG0(x) XOR3(ROTR(x, 2), ROTR(x, 13), ROTR(x, 22))
#define BIG1(x) XOR3(ROTR(x, 6), ROTR(x, 11), ROTR(x, 25))
#define SMALL0(x) XOR3(ROTR(x, 7), ROTR(x, 18), (x) >> 3)
#define SMALL1(x) XOR3(ROTR(x, 17), ROTR(x, 19), (x) >> 10)

/* `t` is what the round adds; the schedule's words are made where they are needed. */
#define ROUND(a, b, c, d, e, f, g, h, i)                                      \
  {                                                                           \
    lanes t = h + s->added[i];                                                \
    if (VARIES(i)) {                                                          \
      lanes word = {0};                                                       \
      if ((i) < 39) word += s->fixed[i];                                      \
      if (VARIES((i) - 16)) word += w[(i) % 16];                              \
      if (VARIES((i) - 15)) word += SMALL0(w[((i) + 1) % 16]);                \
      if (VARIES((i) - 7)) word += w[((i) + 9) % 16];                         \
      if (VARIES((i) - 2)) word += SMALL1(w[((i) + 14) % 16]);                \
      w[(i) % 16] = word;                                                     \
      t += word;                                                              \
    }                                                                         \
    t += CH(e, f, g);                                                         \
    t += BIG1(e);                                                             \
    d += t;                                                                   \
    h = t + MAJ(a, b, c);                                                     \
    h += BIG0(a);                                                             \
  }
#define ROUNDS(i)                                                             \
  ROUND(a, b, c, d, e, f, g, h, i)                                            \
  ROUND(h, a, b, c, d, e, f, g, (i) + 1)                                      \
  ROUND(g, h, a, b, c, d, e, f, (i) + 2)                                      \
  ROUND(f, g, h, a, b, c, d, e, (i) + 3)                                      \
  ROUND(e, f, g, h, a, b, c, d, (i) + 4)                                      \
  ROUND(d, e, f, g, h, a, b, c, (i) + 5)                                      \
  ROUND(c, d, e, f, g, h, a, b, (i) + 6)                                      \
  ROUND(b, c, d, e, f, g, h, a, (i) + 7)

TARGET static uint32_t NAME(const struct search *s, uint32_t from, uint32_t to, uint32_t high,
                            uint64_t *hits) {
  typedef LANES_T lanes;
  const lanes none = {0}, limit = none + high;
  lanes counted;
  memcpy(&counted, COUNTED, sizeof counted);
  for (uint32_t at = from; at < to; at += LANES) {
    lanes w[16];
    w[NONCE] = counted + SWAP32(at);
    /* Rounds name their variables in turn, so that those of round 16 are in order. */
    lanes f = none + s->after[0] + w[NONCE], g = none + s->after[1], h = none + s->after[2];
    lanes a = none + s->after[3], b = none + s->after[4] + w[NONCE], c = none + s->after[5];
    lanes d = none + s->after[6], e = none + s->after[7];
    ROUND(f, g, h, a, b, c, d, e, 11)
    ROUND(e, f, g, h, a, b, c, d, 12)
    ROUND(d, e, f, g, h, a, b, c, 13)
    ROUND(c, d, e, f, g, h, a, b, 14)
    ROUND(b, c, d, e, f, g, h, a, 15)
    ROUNDS(16)
    ROUNDS(24)
    ROUNDS(32)
    ROUNDS(40)
    ROUNDS(48)
    ROUNDS(56)
    uint64_t found = HITS(a);
    if (found) return *hits = found, at;
  }
  return to;
}

#undef NAME
#undef LANES
#undef LANES_T
#undef TARGET
#undef V
#undef ROTR
#undef XOR3
#undef CH
#undef MAJ
#undef BIT
#undef HITS
#undef BIG0
#undef BIG1
#undef SMALL0
#undef SMALL1
#undef ROUND
#undef ROUNDS

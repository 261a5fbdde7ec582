/*
 * A `scan` with the SHA extensions of x86: two rounds an instruction, four blocks in turn, because
 * each instruction waits for the one before it. Included once for each set of further instructions
 * that may be used: NAME is the function, TARGET the set.
 */

#define SHANI_STREAMS 4
#define LOAD(words) _mm_loadu_si128((const __m128i *)(words))
#define EACH for (uint32_t i = 0; i < SHANI_STREAMS; i++)

/* Words 4 * g to 4 * g + 3, in the place of those sixteen before. */
#define SCHEDULE(g)                                                                               \
  EACH {                                                                                          \
    __m128i sum = _mm_sha256msg1_epu32(m[(g) % 4][i], m[((g) + 1) % 4][i]);                       \
    sum = _mm_add_epi32(sum, _mm_alignr_epi8(m[((g) + 3) % 4][i], m[((g) + 2) % 4][i], 4));       \
    m[(g) % 4][i] = _mm_sha256msg2_epu32(sum, m[((g) + 3) % 4][i]);                               \
  }
#define TWO_ROUNDS(word)                                                                          \
  {                                                                                               \
    __m128i next = _mm_sha256rnds2_epu32(cdgh[i], abef[i], word);                                 \
    cdgh[i] = abef[i];                                                                            \
    abef[i] = next;                                                                               \
  }
#define FOUR_ROUNDS(g, words)                                                                     \
  EACH {                                                                                          \
    __m128i added = _mm_add_epi32(words, LOAD(K + 4 * (g)));                                      \
    TWO_ROUNDS(added)                                                                             \
    TWO_ROUNDS(_mm_shuffle_epi32(added, 0x0e))                                                    \
  }
#define STEP(g) SCHEDULE(g) FOUR_ROUNDS(g, m[(g) % 4][i])

TARGET static uint32_t NAME(const struct search *s, uint32_t from, uint32_t to, uint32_t high,
                            uint64_t *hits) {
  const uint32_t *t = s->before;
  const __m128i abef0 = _mm_set_epi32((int)t[0], (int)t[1], (int)t[4], (int)t[5]);
  const __m128i cdgh0 = _mm_set_epi32((int)t[2], (int)t[3], (int)t[6], (int)t[7]);
  const __m128i m3 = LOAD(s->words + 12), late = LOAD(s->added + 12);
  /* What words 16 to 23 are made of, but for the nonce in word 17. */
  __m128i made16 = _mm_sha256msg1_epu32(LOAD(s->words), LOAD(s->words + 4));
  made16 = _mm_add_epi32(made16, _mm_alignr_epi8(m3, LOAD(s->words + 8), 4));
  const __m128i m1m2 = _mm_sha256msg1_epu32(LOAD(s->words + 4), LOAD(s->words + 8));
  const __m128i made20 = _mm_add_epi32(m1m2, _mm_alignr_epi8(LOAD(s->fixed + 16), m3, 4));
  for (uint32_t at = from; at < to; at += SHANI_STREAMS) {
    __m128i m[4][SHANI_STREAMS], abef[SHANI_STREAMS], cdgh[SHANI_STREAMS];
    EACH {
      uint32_t word = SWAP32(at + i);
      __m128i nonce = _mm_set_epi32(0, 0, (int)word, 0);
      abef[i] = abef0, cdgh[i] = cdgh0;
      TWO_ROUNDS(_mm_set_epi32(0, 0, (int)s->added[11], (int)(K[NONCE] + word)))
      TWO_ROUNDS(late)
      TWO_ROUNDS(_mm_shuffle_epi32(late, 0x0e))
      m[2][i] = _mm_add_epi32(LOAD(s->words + 8), _mm_shuffle_epi32(nonce, 0x10));
      m[3][i] = m3;
      m[0][i] = _mm_sha256msg2_epu32(_mm_add_epi32(made16, nonce), m3);
      m[1][i] = _mm_sha256msg2_epu32(made20, m[0][i]);
    }
    FOUR_ROUNDS(4, m[0][i])
    FOUR_ROUNDS(5, m[1][i])
    STEP(6)
    STEP(7)
    STEP(8)
    STEP(9)
    STEP(10)
    STEP(11)
    STEP(12)
    STEP(13)
    STEP(14)
    STEP(15)
    uint64_t found = 0;
    EACH {
      uint32_t first = (uint32_t)_mm_extract_epi32(abef[i], 3) + START[0];
      found |= (uint64_t)(first <= high) << i;
    }
    if (found) return *hits = found, at;
  }
  return to;
}

#undef NAME
#undef TARGET

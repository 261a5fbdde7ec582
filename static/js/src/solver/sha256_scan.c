/*
 * The WebAssembly engine of the `sha256` puzzle (FIPS 180-4, one block a nonce), built twice from
 * this one source: four nonces at a time with -msimd128, one at a time without.
 */

typedef unsigned int u32;

#ifdef __wasm_simd128__
#include <wasm_simd128.h>
#define LANES 4
typedef u32 lanes __attribute__((vector_size(16)));
#define ALL(x) ((lanes){(x), (x), (x), (x)})
#define COUNTED ((lanes){0, 1, 2, 3})
#define ANY(x) wasm_v128_any_true((v128_t)(x))
#define LANE(x, i) ((x)[i])
#else
#define LANES 1
typedef u32 lanes;
#define ALL(x) (x)
#define COUNTED 0
#define ANY(x) (x)
#define LANE(x, i) (x)
#endif

static const u32 K[64] = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
};

/* Words 0 to 8 of the block hold seed and index; word 9 is the nonce's lower half. */
#define NONCE 9

/* What the page writes before it calls `scan`. */
static struct {
  u32 state[8]; /* after the rounds that do not see the nonce */
  u32 words[16]; /* of the block; word 9 is filled in here */
} input;

#define ROTR(x, n) ((x) >> (n) | (x) << (32 - (n)))
#define SUM0(x) (ROTR(x, 2) ^ ROTR(x, 13) ^ ROTR(x, 22))
#define SUM1(x) (ROTR(x, 6) ^ ROTR(x, 11) ^ ROTR(x, 25))
#define MIX0(x) (ROTR(x, 7) ^ ROTR(x, 18) ^ (x) >> 3)
#define MIX1(x) (ROTR(x, 17) ^ ROTR(x, 19) ^ (x) >> 10)
#define CH(x, y, z) ((z) ^ ((x) & ((y) ^ (z))))
/* Two of its three operations serve the next round too: its y ^ z is this one's x ^ y. */
#define MAJ(x, y, z) ((y) ^ (((x) ^ (y)) & ((y) ^ (z))))
#define SWAP(x) (ROTR((x) & 0xff00ff, 8) | (ROTR(x, 24) & 0xff00ff))

/* Where `input` is. */
__attribute__((export_name("input"))) void *where(void) { return &input; }

/*
 * Tries `count` nonces whose lower halves start at `start` and do not pass 2^32; returns the
 * offset of the first whose digest's first 64 bits are at most high * 2^32 + low, or -1.
 */
__attribute__((export_name("scan"))) int scan(u32 start, u32 count, u32 high, u32 low) {
  for (u32 offset = 0; offset < count; offset += LANES) {
    lanes w[16];
    for (int i = 0; i < 16; i++) w[i] = ALL(input.words[i]);
    lanes nonce = ALL(start + offset) + COUNTED;
    w[NONCE] = SWAP(nonce);
    lanes a = ALL(input.state[0]), b = ALL(input.state[1]), c = ALL(input.state[2]);
    lanes d = ALL(input.state[3]), e = ALL(input.state[4]), f = ALL(input.state[5]);
    lanes g = ALL(input.state[6]), h = ALL(input.state[7]);
#pragma unroll
    for (int i = NONCE; i < 64; i++) {
      lanes *x = &w[i % 16];
      /* In this order: V8's code for it is a quarter faster than with the sum of three first. */
      if (i >= 16) *x = *x + MIX0(w[(i + 1) % 16]) + w[(i + 9) % 16] + MIX1(w[(i + 14) % 16]);
      lanes t1 = h + SUM1(e) + CH(e, f, g) + ALL(K[i]) + *x;
      lanes t2 = SUM0(a) + MAJ(a, b, c);
      h = g, g = f, f = e, e = d + t1, d = c, c = b, b = a, a = t1 + t2;
    }
    a += ALL(0x6a09e667);
    b += ALL(0xbb67ae85);
    lanes accepted = (lanes)(a < ALL(high)) | ((lanes)(a == ALL(high)) & (lanes)(b <= ALL(low)));
    if (ANY(accepted)) {
      for (u32 i = 0; i < LANES && offset + i < count; i++) {
        if (LANE(accepted, i)) return (int)(offset + i);
      }
    }
  }
  return -1;
}

/* clones.h - kernels compiled for several widths of registers; the loader takes the widest that the processor has.
 *
 * For loops whose results are the same bits in any width: no sum across elements but in lanes of a fixed number. Processors
 * other than x86-64 get one version; so does clang, in which clones of one name in two files clash, and the thread sanitizer, which is
 * not there yet when the loader chooses. */
#ifndef LATHE_BASE_CLONES_H
#define LATHE_BASE_CLONES_H

#if defined __x86_64__ && !defined __clang__ && !defined __SANITIZE_THREAD__
#define LATHE_CLONES __attribute__((target_clones("avx512f", "avx2", "default")))
#define LATHE_CLONES_POPCNT __attribute__((target_clones("popcnt", "default")))
#else
#define LATHE_CLONES
#define LATHE_CLONES_POPCNT
#endif

#endif

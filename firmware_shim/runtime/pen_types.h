/* pen_types.h - included before every source of a core that has 4-byte longs on a PC (-include): the fixed-width
 * types are
 * what arm-none-eabi-gcc makes of them, so that int32_t is `long`, `%ld` and PRId32 fit it, and functions can be
 * overloaded for int and int32_t. Taken from `arm-none-eabi-gcc -dM -E`.
 *
 * Not as on the target: wchar_t is signed (L"" is made by the compiler itself). */
#if defined(__x86_64__) && defined(__ILP32__)

#undef __INT32_TYPE__
#define __INT32_TYPE__ long int
#undef __INT32_C
#define __INT32_C(c) c##L
#undef __INT32_MAX__
#define __INT32_MAX__ 0x7fffffffL
#undef __UINT32_TYPE__
#define __UINT32_TYPE__ long unsigned int
#undef __UINT32_C
#define __UINT32_C(c) c##UL
#undef __UINT32_MAX__
#define __UINT32_MAX__ 0xffffffffUL

#undef __INT_LEAST32_TYPE__
#define __INT_LEAST32_TYPE__ long int
#undef __INT_LEAST32_MAX__
#define __INT_LEAST32_MAX__ 0x7fffffffL
#undef __UINT_LEAST32_TYPE__
#define __UINT_LEAST32_TYPE__ long unsigned int
#undef __UINT_LEAST32_MAX__
#define __UINT_LEAST32_MAX__ 0xffffffffUL

#undef __INT_FAST8_TYPE__
#define __INT_FAST8_TYPE__ int
#undef __INT_FAST8_MAX__
#define __INT_FAST8_MAX__ 0x7fffffff
#undef __INT_FAST8_WIDTH__
#define __INT_FAST8_WIDTH__ 32
#undef __UINT_FAST8_TYPE__
#define __UINT_FAST8_TYPE__ unsigned int
#undef __UINT_FAST8_MAX__
#define __UINT_FAST8_MAX__ 0xffffffffU

#undef __CHAR32_TYPE__
#define __CHAR32_TYPE__ long unsigned int

/* A core knows no operating system. */
#undef __linux__
#undef __linux
#undef linux
#undef __gnu_linux__
#undef __unix__
#undef __unix
#undef unix
#undef _GNU_SOURCE
#undef __STDC_ISO_10646__

#endif

/* Kept as it was: plugin ABI 1.0, of which plugins may still be about. Nobody edits this file.
 *
 * Plugin ABI v1: what a shared library offers to ohmic. C11 and C++; needs stddef.h and stdint.h, and nothing of ohmic.
 *
 * A plugin exports one function, ohmic_plugin_entry_v1, whose name carries the major version. It returns a table that stays valid
 * and unchanged until the process ends. Minor versions add members at the end of tables, and never move or change one.
 *
 * Rules for both sides
 * - Every struct starts with its size as its owner compiled it. Who reads a struct looks at no more than that many bytes.
 * - Who creates something destroys it. No memory is freed across the boundary; buffers for results and errors are the caller's.
 *   What is passed to a call is valid during the call only.
 * - A call returns OHMIC_OK, or another status and a message in ohmic_error. No exception leaves a call.
 * - Calls work on tiles: element (r, c) of an array is data[r * ld + c], and is one cell. Arrays of one call do not overlap.
 * - A result is a function of the arguments alone. What is random is a function of seed, purpose, array, cell and time, which the
 *   tile says, so that results depend on no thread, no order of calls and no size of a tile.
 * - [any thread]: calls of one instance may run at the same time. [as threads says]: so may these if the table's `threads` is
 *   OHMIC_ANY_THREAD; with OHMIC_ONE_AT_A_TIME the host makes one such call of an instance at a time.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#define OHMIC_PLUGIN_ASSERT(...) static_assert(__VA_ARGS__, "ohmic: the layout of plugin ABI v1 never changes")
#else
#define OHMIC_PLUGIN_ASSERT(...) _Static_assert(__VA_ARGS__, "ohmic: the layout of plugin ABI v1 never changes")
#endif

#if defined(_WIN32)
#define OHMIC_PLUGIN_EXPORT __declspec(dllexport)
#else
#define OHMIC_PLUGIN_EXPORT __attribute__((visibility("default")))
#endif

enum { OHMIC_PLUGIN_ABI_MAJOR = 1, OHMIC_PLUGIN_ABI_MINOR = 0 };

/* ohmic_plugin_v1.magic: the bytes "ohmicabi", the first in the lowest place. */
#define OHMIC_PLUGIN_MAGIC UINT64_C(0x69626163696d686f)

/* Names of extensions that ohmic asks for are in the headers that describe them. */

enum ohmic_status {
  OHMIC_OK = 0,
  OHMIC_BAD_PARAMETERS = 101, /* parameters that the plugin does not know, or values outside their range */
  OHMIC_BAD_VALUE = 202,      /* a number that the plugin cannot take */
  OHMIC_NO_MEMORY = 203,
  OHMIC_NO_FILE = 301, /* a file that cannot be read */
  OHMIC_BAD_FILE = 303,
  OHMIC_FAILED = 402 /* anything else */
};

/* Filled by the callee where it does not return OHMIC_OK. The message is UTF-8 of one line and ends with a zero. */
typedef struct ohmic_error {
  uint32_t struct_size;
  int32_t code; /* as the status */
  char message[248];
} ohmic_error;

enum ohmic_threads { OHMIC_ANY_THREAD = 0, OHMIC_ONE_AT_A_TIME = 1 };

/* What random numbers are for: the second word of their address. A plugin that needs more numbers of a cell than one takes them
 * from OHMIC_PURPOSE_OWN + k, k below 2^16. */
enum ohmic_purpose { OHMIC_PURPOSE_PROGRAMMING = 1, OHMIC_PURPOSE_OWN = 0x10000 };

/* The cells that a call is about: cell (r, c) has the address first_cell + r * cell_ld + c in its array. */
typedef struct ohmic_tile {
  uint32_t struct_size;
  uint32_t purpose;
  uint64_t rows, cols, ld;
  uint64_t seed;
  uint32_t array;
  uint32_t time;
  uint64_t first_cell, cell_ld;
  double age_s; /* after programming; above 0 where ageing is asked */
} ohmic_tile;

/* ohmic_device_facts.flags: what the laws of a device have. */
enum ohmic_device_flags {
  OHMIC_DEVICE_PROGRAMMABLE = 1,   /* not set: made with its value, written once */
  OHMIC_DEVICE_HAS_SPREAD = 2,     /* programming has an error */
  OHMIC_DEVICE_HAS_READ_NOISE = 4, /* reads have noise */
  OHMIC_DEVICE_HAS_DRIFT = 8,      /* conductances move with age */
  OHMIC_DEVICE_IS_VOLATILE = 16,   /* keeps nothing without power */
  OHMIC_DEVICE_IS_ACTIVATED = 32   /* conductance rises with temperature by Arrhenius' law */
};

/* Where the laws hold. Units: uS, s. */
typedef struct ohmic_device_facts {
  uint32_t struct_size; /* the host's; the plugin fills no more than that */
  uint32_t flags;
  double low_uS, high_uS; /* of the conductances that were measured; high may be infinite */
  int32_t levels;         /* the most that a cell holds; 0: any conductance of the range */
  int32_t reserved;       /* 0 */
  double first_s, last_s; /* ages that drift was measured at; last may be infinite */
} ohmic_device_facts;

/* A device technology. Units: uS, s. Texts end with a zero. */
typedef struct ohmic_device_v1 {
  uint32_t struct_size;
  uint16_t abi_major, abi_minor;
  uint32_t threads; /* enum ohmic_threads */
  uint32_t reserved;
  char name[48];        /* what cell.device says: small letters, digits, underscores; a letter first */
  char summary[160];    /* one line */
  char source[256];     /* where the numbers are from */
  char parameters[256]; /* what create understands, one line; empty: nothing */

  /* [any thread] Makes an instance. parameters: text of cell.parameters, often empty. */
  int32_t (*create)(const char* parameters, void** instance, ohmic_error* error);
  /* [any thread] Ends an instance that no call uses any more. */
  void (*destroy)(void* instance);
  /* [any thread] */
  int32_t (*facts)(void* instance, ohmic_device_facts* facts, ohmic_error* error);
  /* [as threads says] What programming to a target aims at and how widely it spreads: mean within the range, sigma of a normal
   * error, at least 0. The host draws that error, and writes again where it verifies. */
  int32_t (*program)(void* instance, const ohmic_tile* tile, const double* target_uS, double* mean_uS, double* sigma_uS,
                     ohmic_error* error);
  /* [as threads says] Mean conductance at the tile's age, of cells whose one standard normal number is z. Null: nothing drifts. */
  int32_t (*age)(void* instance, const ohmic_tile* tile, const double* target_uS, const double* programmed_uS,
                 const double* z, double* aged_uS, ohmic_error* error);
  /* [as threads says] Standard deviation of one read. Null: reads are exact. */
  int32_t (*read)(void* instance, const ohmic_tile* tile, const double* programmed_uS, const double* aged_uS,
                  double* sigma_uS, ohmic_error* error);
} ohmic_device_v1;

/* The table of a plugin. */
typedef struct ohmic_plugin_v1 {
  uint32_t struct_size;
  uint16_t abi_major, abi_minor;
  uint64_t magic;   /* OHMIC_PLUGIN_MAGIC */
  char name[48];    /* as the name of a device */
  char version[32]; /* the plugin's own */
  char summary[160];
  uint32_t device_count; /* at most 64 */
  uint32_t reserved;
  const ohmic_device_v1* const* devices; /* device_count pointers and a null pointer after them; null where there are none */
  /* [any thread] The table of an extension by its name, or null. May itself be null. */
  const void* (*extension)(const char* name);
} ohmic_plugin_v1;

/* The one function that a plugin exports. Never null; asked once. */
OHMIC_PLUGIN_EXPORT const ohmic_plugin_v1* ohmic_plugin_entry_v1(void);

OHMIC_PLUGIN_ASSERT(sizeof(void*) == 8);
OHMIC_PLUGIN_ASSERT(sizeof(ohmic_error) == 256 && offsetof(ohmic_error, code) == 4 && offsetof(ohmic_error, message) == 8);
OHMIC_PLUGIN_ASSERT(sizeof(ohmic_tile) == 72 && offsetof(ohmic_tile, purpose) == 4 && offsetof(ohmic_tile, rows) == 8 &&
                    offsetof(ohmic_tile, cols) == 16 && offsetof(ohmic_tile, ld) == 24 &&
                    offsetof(ohmic_tile, seed) == 32 && offsetof(ohmic_tile, array) == 40 &&
                    offsetof(ohmic_tile, time) == 44 && offsetof(ohmic_tile, first_cell) == 48 &&
                    offsetof(ohmic_tile, cell_ld) == 56 && offsetof(ohmic_tile, age_s) == 64);
OHMIC_PLUGIN_ASSERT(sizeof(ohmic_device_facts) == 48 && offsetof(ohmic_device_facts, flags) == 4 &&
                    offsetof(ohmic_device_facts, low_uS) == 8 && offsetof(ohmic_device_facts, high_uS) == 16 &&
                    offsetof(ohmic_device_facts, levels) == 24 && offsetof(ohmic_device_facts, reserved) == 28 &&
                    offsetof(ohmic_device_facts, first_s) == 32 && offsetof(ohmic_device_facts, last_s) == 40);
OHMIC_PLUGIN_ASSERT(sizeof(ohmic_device_v1) == 784 && offsetof(ohmic_device_v1, abi_major) == 4 &&
                    offsetof(ohmic_device_v1, abi_minor) == 6 && offsetof(ohmic_device_v1, threads) == 8 &&
                    offsetof(ohmic_device_v1, reserved) == 12 && offsetof(ohmic_device_v1, name) == 16 &&
                    offsetof(ohmic_device_v1, summary) == 64 && offsetof(ohmic_device_v1, source) == 224 &&
                    offsetof(ohmic_device_v1, parameters) == 480 && offsetof(ohmic_device_v1, create) == 736 &&
                    offsetof(ohmic_device_v1, destroy) == 744 && offsetof(ohmic_device_v1, facts) == 752 &&
                    offsetof(ohmic_device_v1, program) == 760 && offsetof(ohmic_device_v1, age) == 768 &&
                    offsetof(ohmic_device_v1, read) == 776);
OHMIC_PLUGIN_ASSERT(sizeof(ohmic_plugin_v1) == 280 && offsetof(ohmic_plugin_v1, abi_major) == 4 &&
                    offsetof(ohmic_plugin_v1, abi_minor) == 6 && offsetof(ohmic_plugin_v1, magic) == 8 &&
                    offsetof(ohmic_plugin_v1, name) == 16 && offsetof(ohmic_plugin_v1, version) == 64 &&
                    offsetof(ohmic_plugin_v1, summary) == 96 && offsetof(ohmic_plugin_v1, device_count) == 256 &&
                    offsetof(ohmic_plugin_v1, reserved) == 260 && offsetof(ohmic_plugin_v1, devices) == 264 &&
                    offsetof(ohmic_plugin_v1, extension) == 272);

#undef OHMIC_PLUGIN_ASSERT

#ifdef __cplusplus
}
#endif

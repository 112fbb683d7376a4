/* Extension of plugin ABI v1: price books. ohmic_plugin_v1.extension("ohmic.prices.1") leads to an ohmic_prices_v1.
 * The rules of abi.h hold. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "ohmic/plugin/abi.h"

#ifdef __cplusplus
extern "C" {
#define OHMIC_PLUGIN_ASSERT(...) static_assert(__VA_ARGS__, "ohmic: the layout of plugin ABI v1 never changes")
#else
#define OHMIC_PLUGIN_ASSERT(...) _Static_assert(__VA_ARGS__, "ohmic: the layout of plugin ABI v1 never changes")
#endif

#define OHMIC_PRICES_EXTENSION "ohmic.prices.1"

enum ohmic_price_kind { OHMIC_PRICE_AREA = 1, OHMIC_PRICE_STATIC_POWER = 2, OHMIC_PRICE_ENERGY = 3 };

/* Printed in the source, a fit of its authors, a fit made here, or chosen. */
enum ohmic_price_origin {
  OHMIC_ORIGIN_TABLE = 0,
  OHMIC_ORIGIN_REGRESSION = 1,
  OHMIC_ORIGIN_FIT = 2,
  OHMIC_ORIGIN_ASSUMPTION = 3
};

/* One price. Texts are lines of UTF-8 and end with a zero. */
typedef struct ohmic_price {
  uint32_t struct_size; /* the host's; the plugin fills no more than that */
  uint32_t kind;        /* enum ohmic_price_kind */
  uint32_t origin;      /* enum ohmic_price_origin */
  uint32_t reserved;    /* 0 */
  double value;         /* m2 of a part, W of a part, J of an action; finite, not negative */
  char name[64];        /* of a part, "adc", or of an action, "adc.convert" */
  char source[256];     /* where the number is from: never empty */
} ohmic_price;

typedef struct ohmic_prices_v1 {
  uint32_t struct_size;
  uint16_t abi_major, abi_minor;
  char name[48];
  char summary[160];
  char parameters[256]; /* what open understands, one line */

  /* [any thread] Opens a book. */
  int32_t (*open)(const char* parameters, void** book, ohmic_error* error);
  /* [any thread] Ends a book that no call uses any more. */
  void (*close)(void* book);
  /* [any thread] Number of its prices, at most 65536. */
  int32_t (*count)(void* book, uint64_t* count, ohmic_error* error);
  /* [any thread] Writes the n prices from `first` on. */
  int32_t (*get)(void* book, uint64_t first, uint64_t n, ohmic_price* prices, ohmic_error* error);
} ohmic_prices_v1;

OHMIC_PLUGIN_ASSERT(sizeof(ohmic_price) == 344 && offsetof(ohmic_price, value) == 16 && offsetof(ohmic_price, name) == 24 &&
                    offsetof(ohmic_price, source) == 88);
OHMIC_PLUGIN_ASSERT(sizeof(ohmic_prices_v1) == 504 && offsetof(ohmic_prices_v1, name) == 8 &&
                    offsetof(ohmic_prices_v1, summary) == 56 && offsetof(ohmic_prices_v1, parameters) == 216 &&
                    offsetof(ohmic_prices_v1, open) == 472 && offsetof(ohmic_prices_v1, close) == 480 &&
                    offsetof(ohmic_prices_v1, count) == 488 && offsetof(ohmic_prices_v1, get) == 496);

#undef OHMIC_PLUGIN_ASSERT

#ifdef __cplusplus
}
#endif

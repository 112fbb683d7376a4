/* A device technology in C: copy this folder, change the names, the constants and the three laws. Compiles as C11 and as C++20.
 *
 * The device is made up: a cell from 1 to 50 uS whose programming leaves an error that is the sum of four uniform numbers, and which
 * drifts by a power of its age. */
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "ohmic/plugin/abi.h"
#include "philox.h"

/* --- What is known of the device. Units: uS, s ------------------------------------------------------------------------------- */
static double const low_uS = 1.0, high_uS = 50.0;
static double const error_uS = 0.5;                            /* standard deviation of programming */
static double const drift = 0.01, drift_spread = 0.002;        /* of the exponent, mean and from cell to cell */
static double const drift_from_s = 1.0, drift_until_s = 1.0e6; /* nothing drifts before */

/* --- An instance: what cell.parameters has changed --------------------------------------------------------------------------- */
typedef struct instance {
  double scale; /* of the error of programming */
} instance;

static int32_t fail(ohmic_error* error, int32_t status, char const* message) {
  if (error != NULL) {
    error->code = status;
    strncpy(error->message, message, sizeof error->message - 1);
    error->message[sizeof error->message - 1] = '\0';
  }
  return status;
}

static int32_t create(char const* parameters, void** out, ohmic_error* error) {
  instance* const self = (instance*)malloc(sizeof *self);
  if (self == NULL) return fail(error, OHMIC_NO_MEMORY, "no memory for an instance");
  self->scale = 1.0;
  if (parameters != NULL && parameters[0] != '\0') {
    char* end = NULL;
    if (strncmp(parameters, "scale=", 6) == 0) self->scale = strtod(parameters + 6, &end);
    if (end == NULL || end == parameters + 6 || *end != '\0' || !(self->scale >= 0.0 && self->scale <= 10.0)) {
      free(self);
      return fail(error, OHMIC_BAD_PARAMETERS, "parameters: scale=0..10 is all there is");
    }
  }
  *out = self;
  return OHMIC_OK;
}

static void destroy(void* self) { free(self); }

static int32_t facts(void* self, ohmic_device_facts* out, ohmic_error* error) {
  (void)self, (void)error;
  out->flags = OHMIC_DEVICE_PROGRAMMABLE | OHMIC_DEVICE_HAS_SPREAD | OHMIC_DEVICE_HAS_DRIFT;
  out->low_uS = low_uS, out->high_uS = high_uS;
  out->levels = 0;
  out->first_s = drift_from_s, out->last_s = drift_until_s;
  return OHMIC_OK;
}

/* --- The laws, tile by tile --------------------------------------------------------------------------------------------------- */
static int32_t program(void* self, ohmic_tile const* t, double const* target_uS, double* mean_uS, double* sigma_uS,
                       ohmic_error* error) {
  (void)error;
  for (uint64_t r = 0; r < t->rows; ++r)
    for (uint64_t c = 0; c < t->cols; ++c) {
      uint64_t const i = r * t->ld + c;
      mean_uS[i] = target_uS[i];
      sigma_uS[i] = ((instance*)self)->scale * error_uS;
    }
  return OHMIC_OK;
}

/* Leave this out (a null in the table) where the error is normal: the host then draws it from mean and sigma. */
static int32_t draw(void* self, ohmic_tile const* t, double const* target_uS, double* programmed_uS, ohmic_error* error) {
  (void)error;
  for (uint64_t r = 0; r < t->rows; ++r)
    for (uint64_t c = 0; c < t->cols; ++c) {
      uint64_t const i = r * t->ld + c;
      uint32_t words[4];
      philox_words(t->seed, OHMIC_PURPOSE_OWN, t->array, t->first_cell + r * t->cell_ld + c, t->time, words);
      double sum = -2.0; /* of four uniform numbers less their mean: variance 1/3 */
      for (int k = 0; k < 4; ++k) sum += philox_uniform(words[k]);
      double const g = target_uS[i] + ((instance*)self)->scale * error_uS * 1.7320508075688772 * sum;
      programmed_uS[i] = g > 0.0 ? g : 0.0;
    }
  return OHMIC_OK;
}

static int32_t age(void* self, ohmic_tile const* t, double const* target_uS, double const* programmed_uS, double const* z,
                   double* aged_uS, ohmic_error* error) {
  (void)self, (void)target_uS, (void)error;
  double const ages = t->age_s > drift_from_s ? t->age_s / drift_from_s : 1.0;
  for (uint64_t r = 0; r < t->rows; ++r)
    for (uint64_t c = 0; c < t->cols; ++c) {
      uint64_t const i = r * t->ld + c;
      aged_uS[i] = programmed_uS[i] * pow(ages, -(drift + drift_spread * z[i]));
    }
  return OHMIC_OK;
}

/* --- The tables --------------------------------------------------------------------------------------------------------------- */
static ohmic_device_v1 const device = {
    sizeof(ohmic_device_v1), OHMIC_PLUGIN_ABI_MAJOR, OHMIC_PLUGIN_ABI_MINOR,
    OHMIC_ANY_THREAD,         /* the laws above only read */
    0,                        /* reserved */
    "template_cell",          /* cell.device=template_cell */
    "a made-up cell from 1 to 50 uS: a bounded error, drift", "made up, to be copied", "scale=1: of the error of programming",
    create, destroy, facts, program, age,
    NULL, /* read: reads are exact */
    draw};

static ohmic_device_v1 const* const devices[] = {&device, NULL};

static ohmic_plugin_v1 const table = {sizeof(ohmic_plugin_v1),
                                      OHMIC_PLUGIN_ABI_MAJOR,
                                      OHMIC_PLUGIN_ABI_MINOR,
                                      OHMIC_PLUGIN_MAGIC,
                                      "template",
                                      "1.0",
                                      "a device technology to copy",
                                      1, /* devices */
                                      0, /* reserved */
                                      devices,
                                      NULL /* no extension */};

ohmic_plugin_v1 const* ohmic_plugin_entry_v1(void) { return &table; }

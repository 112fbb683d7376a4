/* One plugin for every way in which plugins go wrong; OHMIC_CASE says which. `good` is right, and so is `counts_processors`. */
#define _GNU_SOURCE
#include <fenv.h>
#include <math.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#ifdef OHMIC_OLDEST
#include "abi_1_0.h"
#else
#include "ohmic/plugin/abi.h"
#endif

enum ways {
  good,
  oldest,
  wrong_magic,
  wrong_major,
  truncated,
  lying_size,
  null_table,
  stray_table,
  null_entry,
  stray_entry,
  stray_list,
  fewer_devices,
  more_devices,
  many_devices,
  no_list,
  unterminated,
  control_character,
  no_device_name,
  same_name_twice,
  unknown_threads,
  taken_name,
  not_a_number,
  negative,
  infinite,
  out_of_range,
  writes_nothing,
  fails,
  fails_silently,
  create_fails,
  bad_facts,
  drift_without_function,
  spread_not_said,
  not_deterministic,
  other_facts,
  own_thread_only,
  counts_processors,
  ignores_stride,
  exits_where_spaced,
  data_entry,
  empty_handed,
  rounds_up,
  forks,
  leaves_a_process,
  leaves_a_thread,
  crashes_at_its_end,
  underruns,
  crashes,
  hangs,
  writes_wildly,
  crashes_on_load,
  hangs_on_load,
  exits,
  eats_memory
};

#define OHMIC_IS(way) (OHMIC_CASE == (way))

static int volatile inside = 0; /* calls under way */
static int volatile calls = 0;
static char* volatile eaten; /* memory that nobody reads: a compiler may leave out what it sees whole */

static int32_t create(char const* parameters, void** out, ohmic_error* error) {
  if (OHMIC_IS(create_fails) || parameters[0] != '\0') {
    error->code = OHMIC_BAD_PARAMETERS;
    strcpy(error->message, "this device has no parameters");
    return OHMIC_BAD_PARAMETERS;
  }
  *out = malloc(8);
  return OHMIC_OK;
}
static void destroy(void* self) {
  if (OHMIC_IS(crashes_at_its_end)) raise(SIGSEGV);
  free(self);
}

/* Runs code of this library for ever. */
static void* beat(void* unused) {
  struct timespec const moment = {0, 100000};
  while (unused == NULL) ++calls, nanosleep(&moment, NULL);
  return NULL;
}

static int32_t facts(void* self, ohmic_device_facts* out, ohmic_error* error) {
  (void)self, (void)error;
  out->flags = OHMIC_DEVICE_PROGRAMMABLE | OHMIC_DEVICE_HAS_DRIFT | OHMIC_DEVICE_HAS_READ_NOISE;
  if (!OHMIC_IS(spread_not_said)) out->flags |= OHMIC_DEVICE_HAS_SPREAD;
  out->low_uS = 1.0;
  out->high_uS = OHMIC_IS(bad_facts) ? 0.5 : 25.0;
  if (OHMIC_IS(other_facts)) out->high_uS += ++calls;
  out->levels = 0;
  out->first_s = 0.0;
  out->last_s = INFINITY;
  return OHMIC_OK;
}

/* What happens to a number on its way out. */
static double spoilt(double v, uint64_t i) {
  if (i != 3) return v;
  if (OHMIC_IS(not_a_number)) return NAN;
  if (OHMIC_IS(negative)) return -1e-9;
  if (OHMIC_IS(infinite)) return INFINITY;
  if (OHMIC_IS(out_of_range)) return 26.0;
  return v;
}

static int32_t program(void* self, ohmic_tile const* t, double const* target, double* mean, double* sigma,
                       ohmic_error* error) {
  (void)self;
  if (OHMIC_IS(fails)) {
    error->code = OHMIC_FAILED;
    memset(error->message, 'x', sizeof error->message); /* no zero */
    return OHMIC_FAILED;
  }
  if (OHMIC_IS(fails_silently)) return 77;
  if (OHMIC_IS(writes_nothing)) return OHMIC_OK;
  if (OHMIC_IS(crashes)) raise(SIGSEGV);
  if (OHMIC_IS(exits)) exit(0);
  if (OHMIC_IS(hangs))
    for (int volatile k = 0; k == 0;) continue;
  if (OHMIC_IS(writes_wildly))
    for (uintptr_t k = 0; k < 1 << 22; ++k) ((char volatile*)mean)[k] = 1;
  if (OHMIC_IS(underruns))
    for (uintptr_t k = 1; k < 1 << 22; ++k) *((char volatile*)mean - k) = 1;
  if (OHMIC_IS(exits_where_spaced) && t->ld != t->cols) exit(0);
  if (OHMIC_IS(rounds_up)) fesetround(FE_UPWARD);
  if (OHMIC_IS(forks)) (void)!fork(); /* both return */
  if (OHMIC_IS(leaves_a_process)) {
    pid_t const left = fork();
    if (left == 0)
      for (;;) pause();
    sigma[0] = left;
    mean[0] = target[0];
    return OHMIC_OK;
  }
  if (OHMIC_IS(eats_memory))
    for (;;) {
      eaten = (char*)malloc(1 << 24);
      if (eaten == NULL) abort();
      memset(eaten, 1, 1 << 24);
    }
  ++calls;
  for (uint64_t r = 0; r < t->rows; ++r)
    for (uint64_t c = 0; c < t->cols; ++c) {
      uint64_t const i = r * (OHMIC_IS(ignores_stride) ? t->cols : t->ld) + c;
      mean[i] = spoilt(target[i], i);
      if (OHMIC_IS(not_deterministic)) mean[i] = 1.0 + 1e-6 * (calls % 1000);
      sigma[i] = 0.01 * target[i];
    }
  if (OHMIC_IS(counts_processors)) {
    cpu_set_t mine;
    sched_getaffinity(0, sizeof mine, &mine);
    sigma[0] = CPU_COUNT(&mine);
  }
  if (OHMIC_IS(own_thread_only)) {
    if (inside != 0) mean[0] = 1.0; /* another call is under way */
    inside = 1;
    for (int volatile k = 0; k < 20000; ++k) continue;
    inside = 0;
  }
  return OHMIC_OK;
}

static int32_t age(void* self, ohmic_tile const* t, double const* target, double const* programmed, double const* z,
                   double* aged, ohmic_error* error) {
  (void)self, (void)target, (void)error;
  for (uint64_t r = 0; r < t->rows; ++r)
    for (uint64_t c = 0; c < t->cols; ++c)
      aged[r * t->ld + c] = programmed[r * t->ld + c] * (1.0 + 0.001 * z[r * t->ld + c]) / (1.0 + 1e-9 * t->age_s);
  return OHMIC_OK;
}

static int32_t read_noise(void* self, ohmic_tile const* t, double const* programmed, double const* aged, double* sigma,
                          ohmic_error* error) {
  (void)self, (void)programmed, (void)error;
  for (uint64_t r = 0; r < t->rows; ++r)
    for (uint64_t c = 0; c < t->cols; ++c) sigma[r * t->ld + c] = 0.02 * aged[r * t->ld + c];
  return OHMIC_OK;
}

#ifndef OHMIC_NO_ENTRY
static ohmic_device_v1 devices[2];
static ohmic_device_v1 const* list[3];
static ohmic_plugin_v1 table;

#ifdef OHMIC_UNRESOLVED
extern int this_function_is_nowhere(void);
#endif

static void fill(ohmic_device_v1* d, char const* name) {
  d->struct_size = OHMIC_IS(truncated) ? 700 : OHMIC_IS(lying_size) ? 0x7fffffff : (uint32_t)sizeof *d;
  d->abi_major = OHMIC_PLUGIN_ABI_MAJOR;
  d->abi_minor = OHMIC_PLUGIN_ABI_MINOR;
  d->threads = OHMIC_IS(own_thread_only) ? OHMIC_ONE_AT_A_TIME : OHMIC_IS(unknown_threads) ? 7 : OHMIC_ANY_THREAD;
  strcpy(d->name, OHMIC_IS(no_device_name) ? "../cell" : OHMIC_IS(taken_name) && d == devices ? "sonos" : name);
  strcpy(d->summary, OHMIC_IS(control_character) ? "two\nlines" : "a device for tests");
  strcpy(d->source, "made up");
  d->create = create, d->destroy = destroy, d->facts = facts;
  d->program = OHMIC_IS(null_entry) ? NULL : program;
  d->age = OHMIC_IS(drift_without_function) ? NULL : age;
  d->read = read_noise;
  if (OHMIC_IS(unterminated)) memset(d->source, 'x', sizeof d->source);
  if (OHMIC_IS(stray_entry)) {
    uintptr_t const nowhere = 16;
    memcpy(&d->program, &nowhere, sizeof nowhere);
  }
  if (OHMIC_IS(data_entry)) {
    void const* const data = &table;
    memcpy(&d->create, &data, sizeof data);
  }
}

ohmic_plugin_v1 const* ohmic_plugin_entry_v1(void) {
  if (OHMIC_IS(null_table)) return NULL;
  if (OHMIC_IS(stray_table)) return (ohmic_plugin_v1 const*)(uintptr_t)4096;
  if (OHMIC_IS(crashes_on_load)) abort();
  if (OHMIC_IS(hangs_on_load))
    for (int volatile k = 0; k == 0;) continue;
  if (OHMIC_IS(leaves_a_thread)) {
    pthread_t started;
    pthread_create(&started, NULL, beat, NULL);
  }
#ifdef OHMIC_UNRESOLVED
  this_function_is_nowhere();
#endif
  fill(devices, "test_cell");
  fill(devices + 1, OHMIC_IS(same_name_twice) ? "test_cell" : "other_cell");
  list[0] = devices, list[1] = devices + 1;
  table.struct_size = sizeof table;
  table.abi_major = OHMIC_IS(wrong_major) ? 2 : OHMIC_PLUGIN_ABI_MAJOR;
  table.abi_minor = OHMIC_PLUGIN_ABI_MINOR;
  table.magic = OHMIC_IS(wrong_magic) ? 1 : OHMIC_PLUGIN_MAGIC;
  strcpy(table.name, "test");
  strcpy(table.version, "1.0");
  strcpy(table.summary, "for tests");
  table.device_count = OHMIC_IS(fewer_devices)  ? 1
                       : OHMIC_IS(empty_handed) ? 0
                       : OHMIC_IS(more_devices) ? 3
                       : OHMIC_IS(many_devices) ? 0x80000000u
                                                : 2;
  table.devices = OHMIC_IS(no_list) || OHMIC_IS(empty_handed) ? NULL
                  : OHMIC_IS(stray_list)                      ? (ohmic_device_v1 const* const*)(uintptr_t)16
                                                              : list;
  return &table;
}
#endif

/* pen_plain.c - a context that waits by reading plain memory: `while (!flag);` without volatile, a main loop over plain
 * flags, a DMA buffer behind a compiler barrier.
 *
 * Plain accesses take no virtual time, so such a loop would never end. The compiler announces them like the volatile
 * ones (pen_volatile.c); pen_plain_left counts them down, and at zero it is looked whether virtual time has moved
 * since. If not, the next PEN_PLAIN_WINDOW accesses are recorded. They are a loop if they touch at most
 * PEN_PLAIN_ADDRESSES, if the same addresses in the same order come back again and again, and either none of them
 * changed its value or the context has made PEN_PLAIN_PATIENCE accesses in the same moment. A computation touches more,
 * or in another order, or ends.
 *
 * From then on the context knows the loop: the place that was passed least often in a round (no pointer; the lowest in
 * the code of several) is its anchor, and a round from anchor to anchor that touches nothing outside the recorded
 * addresses takes PEN_ROUND_NS. What a round does besides depends on the build, its number of rounds does not: so
 * builds agree as
 * long as the compiler leaves the read of the anchor in the loop, once.
 *
 * Not found: a loop over more addresses than PEN_PLAIN_ADDRESSES, or without any access: the CPU-time guard ends these.
 */
#include <string.h>

#include "pen_waiting.h"

#define PEN_PLAIN_LIMIT 100000u  /* accesses in one moment before anything is looked at */
#define PEN_PLAIN_WINDOW 16384u  /* recorded accesses */
#define PEN_PLAIN_ADDRESSES 256u /* in a loop */
#define PEN_PLAIN_PATIENCE 1000000u
#define PEN_ROUND_NS 1000u
#define LOOPS 8u
#define SLOTS 1024u /* a power of two; of the addresses of all loops, three quarters are used at most */

uint32_t pen_plain_left = PEN_PLAIN_LIMIT;

typedef struct PlainPlace { /* an address in the recording */
  uint64_t address, pc;     /* lowest place in the code that reads it */
  uint64_t value;           /* at its second access: at the first, reading it might be the core's own fault */
  uint32_t reads, writes;
  uint8_t size;
} PlainPlace;

typedef struct PlainRecording {
  PlainPlace place[PEN_PLAIN_ADDRESSES];
  uint16_t slot[2u * PEN_PLAIN_ADDRESSES]; /* by hash; index of the place, +1 */
  uint16_t order[PEN_PLAIN_WINDOW];        /* of the accesses: index of the place */
  uint32_t count, accesses;
  uint64_t at_ns; /* the moment, +1; 0: nothing is recorded */
  const PenHandler* context;
} PlainRecording;

static PlainRecording pen_recording;

static struct {
  struct {
    uint64_t address;
    uint8_t in, anchors; /* bit per loop */
  } slot[SLOTS];
  uint32_t used, count;
  uint64_t round_ns[LOOPS]; /* when its anchor was last passed */
  uint8_t written;          /* loops whose anchor is never read */
} pen_loops;

static uint32_t hash_of(uint64_t address) { return (uint32_t)((address * 0x9E3779B97F4A7C15ull) >> 40); }

void pen_plain_begin(PenPlain* plain, uint8_t known) {
  memset(plain, 0, sizeof *plain);
  plain->known = known;
  pen_plain_left = known ? 1u : PEN_PLAIN_LIMIT;
}

/* ---- recording ---- */

static void start_recording(void) {
  memset(&pen_recording, 0, offsetof(PlainRecording, order));
  pen_recording.count = pen_recording.accesses = 0;
  pen_recording.at_ns = pen_time.now_ns + 1;
  pen_recording.context = pen_time.running;
}

static PlainPlace* place_of(uint64_t address) {
  uint32_t h = hash_of(address);
  for (;; ++h) {
    uint16_t* slot = &pen_recording.slot[h & (2u * PEN_PLAIN_ADDRESSES - 1u)];
    if (*slot) {
      if (pen_recording.place[*slot - 1u].address == address) return &pen_recording.place[*slot - 1u];
      continue;
    }
    if (pen_recording.count == PEN_PLAIN_ADDRESSES) return NULL;
    PlainPlace* place = &pen_recording.place[pen_recording.count++];
    *slot = (uint16_t)pen_recording.count;
    place->address = address;
    return place;
  }
}

/* 0: more than a loop touches */
static int record(uint64_t address, uint32_t how, uint64_t pc) {
  PlainPlace* place = place_of(address);
  if (!place) return 0;
  pen_recording.order[pen_recording.accesses++] = (uint16_t)(place - pen_recording.place);
  if (place->reads + place->writes == 1u) {
    place->size = (uint8_t)(how & PEN_PLAIN_SIZE);
    place->value = pen_value_at(address, place->size);
  }
  if (how & PEN_PLAIN_WRITE) ++place->writes;
  if (how & PEN_PLAIN_READ) ++place->reads;
  if (!place->pc || pc < place->pc) place->pc = pc;
  return 1;
}

static int recorded_values_stand(void) {
  for (uint32_t i = 0; i < pen_recording.count; ++i) {
    const PlainPlace* p = &pen_recording.place[i];
    if (p->size && pen_value_at(p->address, p->size) != p->value) return 0;
  }
  return 1;
}

/* Holds the address of another place of the recording, or of the struct around it: a compiler may read it once only. */
static int is_pointer(const PlainPlace* place) {
  for (uint32_t i = 0; i < pen_recording.count; ++i)
    if (pen_recording.place[i].address - place->value < 4096u) return 1;
  return 0;
}

static int better_anchor(const PlainPlace* a, const PlainPlace* b) {
  if (!a->reads != !b->reads) return a->reads != 0;
  if (is_pointer(a) != is_pointer(b)) return is_pointer(b);
  return a->pc < b->pc;
}

/* Passed once in a round, so the least often; the edges of the window make a difference of one. */
static const PlainPlace* anchor_of_recording(void) {
  uint32_t least = UINT32_MAX;
  for (uint32_t i = 0; i < pen_recording.count; ++i) {
    const PlainPlace* p = &pen_recording.place[i];
    uint32_t passed = p->reads > p->writes ? p->reads : p->writes;
    if (passed < least) least = passed;
  }
  const PlainPlace* anchor = NULL;
  for (uint32_t i = 0; i < pen_recording.count; ++i) {
    const PlainPlace* p = &pen_recording.place[i];
    uint32_t passed = p->reads > p->writes ? p->reads : p->writes;
    if (passed > least + 1u) continue;
    if (!anchor || better_anchor(p, anchor)) anchor = p;
  }
  return anchor;
}

/* Do the rounds of the second half look alike? Some may differ: each thousandth may do something more. */
static int comes_back(const PlainPlace* anchor) {
  uint16_t index = (uint16_t)(anchor - pen_recording.place);
  uint32_t last = 0, before = 0, alike = 0;
  for (uint32_t i = PEN_PLAIN_WINDOW / 2u; i < PEN_PLAIN_WINDOW; ++i) {
    if (pen_recording.order[i] == index) {
      before = last;
      last = i;
    }
    if (before && last - before <= i && pen_recording.order[i] == pen_recording.order[i - (last - before)]) ++alike;
  }
  return alike > PEN_PLAIN_WINDOW / 4u;
}

/* ---- loops ---- */

static uint32_t slot_of(uint64_t address) {
  uint32_t h = hash_of(address);
  while (pen_loops.slot[h & (SLOTS - 1u)].address && pen_loops.slot[h & (SLOTS - 1u)].address != address) ++h;
  return h & (SLOTS - 1u);
}

static void learn_loop(const PlainPlace* anchor) {
  if (pen_loops.count == LOOPS || pen_loops.used + pen_recording.count > SLOTS / 4u * 3u) return;
  uint8_t bit = (uint8_t)(1u << pen_loops.count);
  for (uint32_t i = 0; i < pen_recording.count; ++i) {
    const PlainPlace* p = &pen_recording.place[i];
    uint32_t slot = slot_of(p->address);
    if (!pen_loops.slot[slot].address) ++pen_loops.used;
    pen_loops.slot[slot].address = p->address;
    pen_loops.slot[slot].in |= bit;
    if (p == anchor) pen_loops.slot[slot].anchors |= bit;
  }
  if (!anchor->reads) pen_loops.written |= bit;
  pen_loops.round_ns[pen_loops.count++] = UINT64_MAX;
  pen_time.plain.known |= bit;
  pen_status.waits_for[0] = anchor->address;
  pen_host->finding(pen_host->target, PEN_FINDING_PLAIN_WAIT, "", (uint32_t)anchor->pc);
}

/* An access of a context that knows loops. */
static void follow(uint64_t address, uint32_t how) {
  PenPlain* plain = &pen_time.plain;
  uint32_t slot = slot_of(address);
  uint8_t in = pen_loops.slot[slot].in & plain->known, anchors = pen_loops.slot[slot].anchors & plain->known;
  plain->inside &= in;
  if (!in) pen_progress();
  if (!(how & PEN_PLAIN_READ)) anchors &= pen_loops.written;
  if (!anchors) return;
  int spent = 0;
  for (uint32_t i = 0; i < pen_loops.count; ++i) {
    if (!(anchors & (1u << i))) continue;
    if ((plain->inside & (1u << i)) && pen_loops.round_ns[i] == pen_time.now_ns) spent = 1;
  }
  if (spent) {
    if (address != pen_time.wait.address[0] && address != pen_time.wait.address[1])
      pen_new_address(address, how & PEN_PLAIN_SIZE);
    ++pen_status.polls;
    pen_spend(PEN_ROUND_NS);
  }
  for (uint32_t i = 0; i < pen_loops.count; ++i)
    if (anchors & (1u << i)) pen_loops.round_ns[i] = pen_time.now_ns;
  plain->inside |= anchors;
}

void pen_plain_access(const volatile void* at, uint32_t how, const void* pc) {
  uint64_t address = (uint64_t)(uintptr_t)at;
  PenPlain* plain = &pen_time.plain;
  pen_plain_left = PEN_PLAIN_LIMIT;
  if (pen_time.frozen) {
#if PEN_CORE_SHAPE == 2
    if (!pen_time.feeding) return;
    pen_plain_left = 1;
    if (how & PEN_PLAIN_WRITE) pen_register_fed(address);
#endif
    return;
  }
  if (plain->known) {
    pen_plain_left = 1;
    follow(address, how);
  }
  uint64_t moment = pen_time.now_ns + 1;
  if (plain->since_ns != moment) {
    plain->since_ns = moment;
    plain->accesses = 0;
    return;
  }
  plain->accesses += plain->known || pen_recording.at_ns == moment ? 1u : PEN_PLAIN_LIMIT;
  if (pen_recording.at_ns == moment && pen_recording.context == pen_time.running) {
    pen_plain_left = 1;
    if (!record(address, how, (uint64_t)(uintptr_t)pc)) {
      pen_recording.at_ns = 0;
      plain->accesses = 0;
      pen_plain_left = plain->known ? 1u : PEN_PLAIN_LIMIT;
    } else if (pen_recording.accesses == PEN_PLAIN_WINDOW) {
      pen_recording.at_ns = 0;
      const PlainPlace* anchor = anchor_of_recording();
      if (comes_back(anchor) && (plain->accesses >= PEN_PLAIN_PATIENCE || recorded_values_stand())) learn_loop(anchor);
      pen_plain_left = plain->known ? 1u : PEN_PLAIN_LIMIT;
    }
  } else if (plain->accesses >= PEN_PLAIN_LIMIT && (!plain->known || plain->accesses % PEN_PLAIN_LIMIT == 0)) {
    start_recording();
    pen_plain_left = 1;
  }
}

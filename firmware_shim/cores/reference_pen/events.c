#include "events.h"

#include "hal.h"
#include "nvm.h"
#include "pen.h"

#define SLOTS_PER_PAGE (HAL_NVM_PAGE / EVENT_RECORD_BYTES)
#define WRITE_ATTEMPTS 3u

struct event_log event_log;

enum log_step { SCAN_PAGES, SCAN_SLOTS, IDLE, ERASING, WRITING };

static struct {
  enum log_step step;
  uint32_t page; /* under scan */
  uint32_t slot_in_page;
  bool found; /* a valid first record */
  uint32_t newest_page;
  uint32_t newest_sequence;
  uint32_t attempts;
  bool page_open; /* the page of event_log.slot is erased from slot on */
} work;

static struct {
  struct event_record records[EVENT_QUEUE];
  uint32_t first, count;
} queue;

static void encode(const struct event_record* record, uint8_t bytes[EVENT_RECORD_BYTES]) {
  put_u32(bytes, record->sequence);
  put_u32(bytes + 4, record->time_ms);
  put_u16(bytes + 8, record->boot);
  bytes[10] = record->code;
  bytes[11] = record->state;
  put_u16(bytes + 12, (uint16_t)record->argument);
  put_u16(bytes + 14, crc16(bytes, 14));
}

bool events_decode(const uint8_t* bytes, struct event_record* record) {
  if (is_blank(bytes, EVENT_RECORD_BYTES) || get_u16(bytes + 14) != crc16(bytes, 14)) return false;
  record->sequence = get_u32(bytes);
  record->time_ms = get_u32(bytes + 4);
  record->boot = get_u16(bytes + 8);
  record->code = bytes[10];
  record->state = bytes[11];
  record->argument = (int16_t)get_u16(bytes + 12);
  return true;
}

uint32_t events_address(uint32_t slot) { return EVENT_FIRST_PAGE * HAL_NVM_PAGE + slot * EVENT_RECORD_BYTES; }

void events_boot(void) { work.step = SCAN_PAGES; }

void events_log(enum event_code code, int16_t argument) {
  const struct event_record record = {
      .time_ms = pen.time_ms, .code = (uint8_t)code, .state = (uint8_t)pen.state, .argument = argument};
  event_log.last = record;
  if (queue.count == EVENT_QUEUE || event_log.broken) {
    event_log.dropped++;
    return;
  }
  queue.records[(queue.first + queue.count) % EVENT_QUEUE] = record;
  queue.count++;
}

static void scan_is_over(void) {
  event_log.ready = true;
  event_log.boot++;
  work.step = IDLE;
  if (event_log.torn > 0) events_log(EVENT_TORN_RECORDS, (int16_t)event_log.torn);
}

static void scan_pages(void) {
  struct event_record record;
  switch (nvm_collect(NVM_EVENTS)) {
    case HAL_NVM_DONE:
      if (events_decode(nvm.data, &record) && (!work.found || record.sequence - work.newest_sequence < 0x80000000u)) {
        work.found = true;
        work.newest_page = work.page;
        work.newest_sequence = record.sequence;
      }
      work.page++;
      break;
    case HAL_NVM_FAILED:
      work.page++;
      break;
    case HAL_NVM_PENDING:
      break;
  }
  if (work.page == EVENT_PAGES) {
    work.step = SCAN_SLOTS;
    if (!work.found) scan_is_over(); /* a new memory: the ring begins at slot 0 */
    return;
  }
  (void)nvm_request(NVM_EVENTS, HAL_NVM_READ, HAL_NVM_PEN, events_address(work.page * SLOTS_PER_PAGE),
                    EVENT_RECORD_BYTES, NULL);
}

static void scan_slots(void) {
  bool blank = false;
  struct event_record record;
  switch (nvm_collect(NVM_EVENTS)) {
    case HAL_NVM_DONE:
      if (is_blank(nvm.data, EVENT_RECORD_BYTES)) {
        blank = true;
        break;
      }
      if (events_decode(nvm.data, &record)) {
        event_log.sequence = record.sequence + 1u;
        event_log.boot = record.boot;
      } else {
        event_log.torn++;
      }
      work.slot_in_page++;
      break;
    case HAL_NVM_FAILED:
      work.slot_in_page++;
      break;
    case HAL_NVM_PENDING:
      break;
  }
  if (blank || work.slot_in_page == SLOTS_PER_PAGE) {
    event_log.slot = (work.newest_page * SLOTS_PER_PAGE + work.slot_in_page) % EVENT_SLOTS;
    work.page_open = work.slot_in_page < SLOTS_PER_PAGE;
    event_log.stored = event_log.sequence < EVENT_SLOTS ? event_log.slot : EVENT_SLOTS - SLOTS_PER_PAGE;
    scan_is_over();
    return;
  }
  (void)nvm_request(NVM_EVENTS, HAL_NVM_READ, HAL_NVM_PEN,
                    events_address(work.newest_page * SLOTS_PER_PAGE + work.slot_in_page), EVENT_RECORD_BYTES, NULL);
}

static void next_slot(void) {
  event_log.slot = (event_log.slot + 1u) % EVENT_SLOTS;
  if (event_log.slot % SLOTS_PER_PAGE == 0) work.page_open = false;
}

static void begin_write(void) {
  if (queue.count == 0 || event_log.broken) return;
  if (!work.page_open) {
    const uint32_t page_slot = event_log.slot - event_log.slot % SLOTS_PER_PAGE;
    if (nvm_request(NVM_EVENTS, HAL_NVM_ERASE, HAL_NVM_PEN, events_address(page_slot), 0, NULL)) work.step = ERASING;
    return;
  }
  struct event_record* record = &queue.records[queue.first];
  record->sequence = event_log.sequence;
  record->boot = event_log.boot;
  uint8_t bytes[EVENT_RECORD_BYTES];
  encode(record, bytes);
  if (nvm_request(NVM_EVENTS, HAL_NVM_WRITE, HAL_NVM_PEN, events_address(event_log.slot), EVENT_RECORD_BYTES, bytes))
    work.step = WRITING;
}

static void count_failure(void) {
  if (++work.attempts < WRITE_ATTEMPTS) return;
  event_log.broken = true;
  event_log.dropped += queue.count;
  queue.count = 0;
}

static void end_write(void) {
  const enum hal_nvm_result result = nvm_collect(NVM_EVENTS);
  if (result == HAL_NVM_PENDING) return;
  if (work.step == ERASING) {
    work.page_open = result == HAL_NVM_DONE;
    if (work.page_open && event_log.stored > EVENT_SLOTS - SLOTS_PER_PAGE)
      event_log.stored = EVENT_SLOTS - SLOTS_PER_PAGE;
  } else if (result == HAL_NVM_DONE) {
    event_log.sequence++;
    event_log.stored++;
    queue.first = (queue.first + 1u) % EVENT_QUEUE;
    queue.count--;
    next_slot();
  } else {
    next_slot();
  }
  if (result == HAL_NVM_DONE)
    work.attempts = 0;
  else
    count_failure();
  work.step = IDLE;
}

void events_update(void) {
  switch (work.step) {
    case SCAN_PAGES:
      scan_pages();
      break;
    case SCAN_SLOTS:
      scan_slots();
      break;
    case IDLE:
      begin_write();
      break;
    case ERASING:
    case WRITING:
      end_write();
      break;
  }
}

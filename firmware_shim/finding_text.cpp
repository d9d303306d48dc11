#include "firmware_shim/finding_text.h"

#include <cstdio>

#include "firmware_shim/runtime/pen_runtime.h"

namespace pensim {

std::string finding_text(std::uint32_t kind, const std::string& text, std::uint32_t number, std::uint32_t uart_baud) {
  const std::string n = std::to_string(number);
  char place[16];
  std::snprintf(place, sizeof place, "0x%08x", static_cast<unsigned>(number));
  switch (kind) {
    case PEN_FINDING_UNANSWERED:
      return text + "() is called, but the port does not answer it";
    case PEN_FINDING_UART_OVERFLOW:
      return "the transmit queue of the UART is full: " + n +
             " bytes lost, and what follows until there is room (1024 bytes" +
             (uart_baud ? " at " + std::to_string(uart_baud) + " baud)" : ")");
    case PEN_FINDING_DELAY_TOO_LONG:
      return "a function called at a rate asks for a delay of " + n +
             " us, longer than the rest of its tick: it gets the rest (a core that waits has a main())";
    case PEN_FINDING_MAIN_RETURNED:
      return "main() has returned; the core sleeps, its handlers go on";
    case PEN_FINDING_HEAP_EXHAUSTED:
      return "the heap of " + n +
             " bytes is used up, malloc() gives NULL (HEAP_BYTES of pensim_add_core makes another size)";
    case PEN_FINDING_PLAIN_WAIT:
      return std::string("the core waits at ") + place + " by reading plain memory again and again";
    case PEN_FINDING_THREAD_ROOM:
      return "no room for the stack of a task (" + n + " KiB): raise .stack_bytes in the port";
    case PEN_FINDING_THREAD_STACK:
      return std::string("the task at ") + place + " has overrun its stack";
    case PEN_FINDING_HANDLER_STAYS:
      return std::string("the handler at ") + place + " has not returned for 1 s: what is not more urgent stands still";
    case PEN_FINDING_NO_HANDLER:
      return "interrupt " + n + " is enabled, but no entry of the port's tasks and interrupts has .irq = PEN_IRQ(" + n +
             "): its handler never runs";
    case PEN_FINDING_KICKED:
      return "main() has waited for " + n + " ms for what does not change, while handlers kick the watchdog";
    case PEN_FINDING_OVERRUN:
      return "handler " + std::to_string(number % 64) + " of the port takes " + std::to_string(number / 64) +
             " us, more than there is until it is due again: an overrun";
    default:
      return "unknown finding " + std::to_string(kind);
  }
}

}  // namespace pensim

#include "firmware_shim/native/debugger.h"

// Names and layout are gdb's ("JIT Compilation Interface" of its manual).
extern "C" {
struct jit_descriptor {
  std::uint32_t version;
  std::uint32_t action;  // 0 none, 1 register, 2 unregister
  pensim::DebuggerEntry* relevant;
  pensim::DebuggerEntry* first;
};
extern jit_descriptor __jit_debug_descriptor;
jit_descriptor __jit_debug_descriptor = {1, 0, nullptr, nullptr};
// gdb has a breakpoint here.
void __jit_debug_register_code();
__attribute__((noinline, used)) void __jit_debug_register_code() { __asm__ volatile("" ::: "memory"); }
}

namespace pensim {

void debugger_add(DebuggerEntry& entry, const std::vector<std::uint8_t>& file) {
  entry.file = file.data();
  entry.file_bytes = file.size();
  entry.previous = nullptr;
  entry.next = __jit_debug_descriptor.first;
  if (entry.next) entry.next->previous = &entry;
  __jit_debug_descriptor.first = &entry;
  __jit_debug_descriptor.relevant = &entry;
  __jit_debug_descriptor.action = 1;
  __jit_debug_register_code();
}

void debugger_remove(DebuggerEntry& entry) {
  if (!entry.file) return;
  if (entry.previous)
    entry.previous->next = entry.next;
  else
    __jit_debug_descriptor.first = entry.next;
  if (entry.next) entry.next->previous = entry.previous;
  __jit_debug_descriptor.relevant = &entry;
  __jit_debug_descriptor.action = 2;
  __jit_debug_register_code();
  entry.file = nullptr;
}

}  // namespace pensim

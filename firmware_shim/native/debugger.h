// debugger.h - telling gdb of an image that no dynamic loader knows (gdb's interface for code that is made at run
// time).
//
// gdb reads the file's symbols and lines from memory when it is told, so breakpoints by file and line may be set before
// the core is loaded, and go when it is unloaded. The image must lie where it is linked: gdb moves nothing.
#pragma once

#include <cstdint>
#include <vector>

namespace pensim {

// gdb's struct jit_code_entry.
struct DebuggerEntry {
  DebuggerEntry* next = nullptr;
  DebuggerEntry* previous = nullptr;
  const void* file = nullptr;
  std::uint64_t file_bytes = 0;
};

// The bytes of the file and the entry stay in place until debugger_remove.
void debugger_add(DebuggerEntry&, const std::vector<std::uint8_t>& file);
void debugger_remove(DebuggerEntry&);  // nothing for one that was not added

}  // namespace pensim

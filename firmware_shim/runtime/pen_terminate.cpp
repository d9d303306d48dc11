// pen_terminate.cpp - std::terminate() in a C++ core with 4-byte pointers: abort(), for which type and what() of the
// exception are the reason. Linked where something may call it: a core that is built without exceptions does not have
// their memory put aside.
#include <cxxabi.h>

#include <cstddef>
#include <exception>
#include <typeinfo>

#include "pen_runtime.h"

#ifdef PEN_CORE_IMPORTS

extern "C" [[noreturn]] void abort();

namespace __cxxabiv1 {
extern "C" void __cxa_rethrow() __attribute__((noreturn, weak));
}

namespace {

char terminated[256];

void say(std::size_t& length, const char* text) {
  while (*text && length + 1 < sizeof terminated) terminated[length++] = *text++;
}

[[noreturn]] void terminate_core() {
  static bool inside;
  std::size_t length = 0;
  const std::type_info* type = abi::__cxa_current_exception_type();
  if (!inside && type && &abi::__cxa_rethrow != nullptr) {
    inside = true;
    say(length, "exception ");
    say(length, type->name());
    try {
      abi::__cxa_rethrow();
    } catch (const std::exception& e) {
      say(length, "\n");
      say(length, e.what());
    } catch (...) {
    }
  } else {
    say(length, "std::terminate() is called");
  }
  pen_host->finding(pen_host->target, PEN_FINDING_TERMINATED, terminated, 0);
  abort();
}

}  // namespace

namespace __cxxabiv1 {
extern std::terminate_handler __terminate_handler;
std::terminate_handler __terminate_handler = terminate_core;
}  // namespace __cxxabiv1

#endif

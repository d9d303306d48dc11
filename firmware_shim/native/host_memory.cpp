#include "firmware_shim/native/host_memory.h"

#include <sys/mman.h>

#include <cerrno>
#include <cinttypes>
#include <cstdio>
#include <cstring>
#include <system_error>

#include "firmware_shim/address_text.h"

namespace pensim {
namespace {

constexpr std::size_t guard_bytes = 64;
constexpr std::uint64_t guard_word = 0x9e3779b97f4a7c15ull;  // mixed with its own address, so that a copied guard is no
                                                             // guard

std::uint64_t guard_at(const std::byte* address) { return guard_word ^ reinterpret_cast<std::uint64_t>(address); }

void put_guard(std::byte* at) {
  for (std::size_t i = 0; i < guard_bytes; i += 8) {
    const std::uint64_t word = guard_at(at + i);
    std::memcpy(at + i, &word, 8);
  }
}

}  // namespace

GuardedBlock::GuardedBlock(std::size_t bytes) : bytes_(bytes) {
  const std::size_t inner = page_up(guard_bytes + ((bytes + 63) & ~std::size_t{63}) + guard_bytes);
  mapping_bytes_ = inner + 2 * page_bytes;
  mapping_ = mmap(nullptr, mapping_bytes_, PROT_NONE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (mapping_ == MAP_FAILED) throw std::system_error(errno, std::generic_category(), "shared memory");
  auto* begin = static_cast<std::byte*>(mapping_) + page_bytes;
  if (mprotect(begin, inner, PROT_READ | PROT_WRITE) != 0) {
    const int error = errno;
    munmap(mapping_, mapping_bytes_);
    throw std::system_error(error, std::generic_category(), "shared memory");
  }
  // The end of the payload lies as near to the inaccessible page as its alignment allows: most overruns run upwards.
  data_ = begin + inner - guard_bytes - ((bytes + 63) & ~std::size_t{63});
  put_guard(data_ - guard_bytes);
  put_guard(begin + inner - guard_bytes);
}

GuardedBlock::~GuardedBlock() { munmap(mapping_, mapping_bytes_); }

std::string GuardedBlock::damage() const {
  const std::byte* behind = static_cast<const std::byte*>(mapping_) + mapping_bytes_ - page_bytes - guard_bytes;
  for (const std::byte* guard : {static_cast<const std::byte*>(data_ - guard_bytes), behind}) {
    for (std::size_t i = 0; i < guard_bytes; i += 8) {
      std::uint64_t word = 0;
      std::memcpy(&word, guard + i, 8);
      if (word == guard_at(guard + i)) continue;
      char text[160];
      if (guard < data_)
        std::snprintf(text, sizeof text, "the guard word %zu bytes before the shared block holds 0x%016" PRIx64,
                      static_cast<std::size_t>(data_ - (guard + i)), word);
      else
        std::snprintf(text, sizeof text, "the guard word %zu bytes behind the shared block holds 0x%016" PRIx64,
                      static_cast<std::size_t>(guard + i - (data_ + bytes_)), word);
      return text;
    }
  }
  return "";
}

ImageFence::ImageFence(std::uintptr_t image_begin, std::uintptr_t image_end, std::size_t bytes)
    : bytes_(page_up(bytes)) {
  const auto fence = [&](std::uintptr_t at) -> void* {
    void* wanted = reinterpret_cast<void*>(at);
    void* got =
        mmap(wanted, bytes_, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED_NOREPLACE, -1, 0);
    if (got == MAP_FAILED) return nullptr;
    if (got != wanted) {  // a kernel that does not know the flag
      munmap(got, bytes_);
      return nullptr;
    }
    return got;
  };
  const std::uintptr_t begin = image_begin & ~(page_bytes - 1);
  if (begin > bytes_) below_ = fence(begin - bytes_);
  above_ = fence(page_up(image_end));
}

ImageFence::~ImageFence() {
  if (below_) munmap(below_, bytes_);
  if (above_) munmap(above_, bytes_);
}

}  // namespace pensim

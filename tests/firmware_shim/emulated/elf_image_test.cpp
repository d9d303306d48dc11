#include "firmware_shim/emulated/elf_image.h"

#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <string>
#include <vector>

namespace pensim {
namespace {

std::vector<char> probe() {
  std::ifstream in(PENSIM_CORES "/probe.elf", std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

// What the loader says of these bytes; "" if it takes them.
std::string refusal(const std::vector<char>& bytes) {
  const std::string path = testing::TempDir() + "elf_image_test.elf";
  std::ofstream(path, std::ios::binary).write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  try {
    const ElfImage image(path);
    image.symbol("pen_guest");
    for (const ElfRegion& region : image.regions()) EXPECT_EQ(region.address % 4096, 0u);
  } catch (const std::runtime_error& error) {
    return error.what();
  }
  return "";
}

TEST(ElfImage, LaysSegmentsOutInPages) {
  const ElfImage image(PENSIM_CORES "/probe.elf");
  const auto guest = image.symbol("pen_guest");
  ASSERT_TRUE(guest);
  EXPECT_NE(image.at(*guest, 16), nullptr);
  EXPECT_EQ(image.at(0xF0000000u, 4), nullptr);
  EXPECT_EQ(image.at(*guest, 0xFFFFFFFFu), nullptr);
  EXPECT_FALSE(image.symbol("no_such_symbol"));
  EXPECT_EQ(image.function_at(*image.symbol("pen_uart_write")), "pen_uart_write");
  bool code = false, data = false;
  for (const ElfRegion& region : image.regions()) {
    code = code || (region.executable && !region.writable && region.address == 0x18000000u);
    data = data || (region.writable && region.address == 0x20000000u);
  }
  EXPECT_TRUE(code && data);
}

TEST(ElfImage, AFileThatIsCutShortIsRefused) {
  const std::vector<char> whole = probe();
  ASSERT_EQ(refusal(whole), "");
  for (std::size_t bytes : {std::size_t{0}, std::size_t{3}, std::size_t{51}, std::size_t{60}, std::size_t{100}})
    EXPECT_NE(refusal({whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(bytes)}), "") << bytes;
  EXPECT_NE(refusal({whole.begin(), whole.begin() + 4096}).find("goes beyond the file"), std::string::npos);
}

// Each byte of the headers, with values that hurt: the file is taken or refused with a sentence, and nothing else
// happens.
TEST(ElfImage, RubbishInTheHeadersIsSurvived) {
  const std::vector<char> whole = probe();
  int refused = 0;
  for (std::size_t at = 0; at < 52 + 4 * 32; ++at) {
    for (const int value : {0x00, 0x01, 0x7F, 0x80, 0xFF}) {
      std::vector<char> bytes = whole;
      bytes[at] = static_cast<char>(value);
      refused += !refusal(bytes).empty();
    }
  }
  EXPECT_GT(refused, 100);
}

}  // namespace
}  // namespace pensim

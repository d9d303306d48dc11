#include "firmware_shim/emulated/thumb.h"

#include <gtest/gtest.h>

#include <initializer_list>
#include <vector>

namespace pensim {
namespace {

std::vector<std::uint8_t> code(std::initializer_list<std::uint16_t> halves) {
  std::vector<std::uint8_t> bytes;
  for (const std::uint16_t half : halves) {
    bytes.push_back(static_cast<std::uint8_t>(half));
    bytes.push_back(static_cast<std::uint8_t>(half >> 8));
  }
  return bytes;
}

BlockCost cost(std::initializer_list<std::uint16_t> halves, CortexModel model = CortexModel::m4) {
  const std::vector<std::uint8_t> bytes = code(halves);
  return block_cost(bytes.data(), static_cast<std::uint32_t>(bytes.size()), model);
}

TEST(Thumb, InstructionsCostWhatTheTableOfTheDocumentationSays) {
  EXPECT_EQ(cost({0x1840}).cycles, 1u);                  // adds r0, r0, r1
  EXPECT_EQ(cost({0x6808}).cycles, 2u);                  // ldr r0, [r1]
  EXPECT_EQ(cost({0x6808, 0x6849}).cycles, 3u);          // two loads in a row: pipelined
  EXPECT_EQ(cost({0x6808, 0x1840, 0x6849}).cycles, 5u);  // not in a row
  EXPECT_EQ(cost({0xB5F0}).cycles, 6u);                  // push {r4-r7, lr}
  EXPECT_EQ(cost({0xFBB0, 0xF0F1}).cycles, 12u);         // udiv r0, r0, r1
  EXPECT_EQ(cost({0xEE30, 0x0A01}).cycles, 1u);          // vadd.f32 s0, s0, s2
  EXPECT_EQ(cost({0xEE80, 0x0A01}).cycles, 14u);         // vdiv.f32 s0, s0, s2
  EXPECT_EQ(cost({0xEEB1, 0x0AC0}).cycles, 14u);         // vsqrt.f32 s0, s0
  EXPECT_EQ(cost({0xEE00, 0x0A81}).cycles, 3u);          // vmla.f32 s0, s1, s2
  EXPECT_EQ(cost({0xFB01, 0x0002}).cycles, 1u);          // mla r0, r1, r2, r0
  EXPECT_EQ(cost({0xFB01, 0x0002}, CortexModel::m3).cycles, 2u);
  EXPECT_EQ(cost({0xE9D1, 0x0100}).cycles, 3u);  // ldrd r0, r1, [r1]
  EXPECT_EQ(cost({0x6808, 0x1840}).instructions, 2u);
  EXPECT_EQ(cost({0xF380}).instructions, 0u);  // half of an instruction
}

TEST(Thumb, SaysWhereMasksMayHaveChanged) {
  EXPECT_TRUE(cost({0xB662}).masks);           // cpsie i
  EXPECT_TRUE(cost({0xF380, 0x8811}).masks);   // msr basepri, r0
  EXPECT_FALSE(cost({0xF3EF, 0x8011}).masks);  // mrs r0, basepri
  EXPECT_FALSE(cost({0x1840}).masks);
}

TEST(Thumb, SaysHowManyInstructionsStandUnderACondition) {
  EXPECT_EQ(cost({0xBF08}).conditional, 1u);  // it eq
  EXPECT_EQ(cost({0xBF1C}).conditional, 2u);  // itt ne
  EXPECT_EQ(cost({0xBF1F}).conditional, 4u);  // itttt ne
  EXPECT_EQ(cost({0xBF00}).conditional, 0u);  // nop
}

TEST(Thumb, SaysWhichRegisterHasToBeAligned) {
  const auto of = [](std::initializer_list<std::uint16_t> halves) {
    const std::vector<std::uint8_t> bytes = code(halves);
    return static_cast<int>(aligned_register(bytes.data(), static_cast<std::uint32_t>(bytes.size())));
  };
  EXPECT_EQ(of({0xC203}), 2);            // stmia r2!, {r0, r1}
  EXPECT_EQ(of({0xE895, 0x0103}), 5);    // ldmia.w r5, {r0, r1, r8}
  EXPECT_EQ(of({0xE9D4, 0x0102}), 4);    // ldrd r0, r1, [r4, #8]
  EXPECT_EQ(of({0xE856, 0x0F00}), 6);    // ldrex r0, [r6]
  EXPECT_EQ(of({0xED97, 0x0A01}), 7);    // vldr s0, [r7, #4]
  EXPECT_EQ(of({0xECB1, 0x0A04}), 1);    // vldmia r1!, {s0-s3}
  EXPECT_EQ(of({0xE9DD, 0x0102}), 255);  // ldrd r0, r1, [sp, #8]
  EXPECT_EQ(of({0xE8D6, 0x0F4F}), 255);  // ldrexb r0, [r6]
  EXPECT_EQ(of({0xE8D1, 0xF002}), 255);  // tbb [r1, r2]
  EXPECT_EQ(of({0xEC51, 0x0A11}), 255);  // vmov r0, r1, s2, s3
  EXPECT_EQ(of({0xF8D1, 0x0190}), 255);  // ldr.w r0, [r1, #400]
  EXPECT_EQ(of({0xB510}), 255);          // push {r4, lr}
  EXPECT_EQ(of({0xE895}), 255);          // half of an instruction
}

TEST(Thumb, SaysWhetherMemoryIsRead) {
  for (const std::uint16_t half : {0x6808, 0x7808, 0x5888, 0x5E88, 0x8808, 0x9801})
    EXPECT_TRUE(cost({half}).reads) << half;
  for (const std::uint16_t half : {0x6008, 0x5088, 0x4804, 0x1840, 0xE7FE}) EXPECT_FALSE(cost({half}).reads) << half;
  EXPECT_TRUE(cost({0xF8D1, 0x0190}).reads);   // ldr.w r0, [r1, #400]
  EXPECT_FALSE(cost({0xF8C1, 0x0190}).reads);  // str.w
  EXPECT_FALSE(cost({0xF8DF, 0x0190}).reads);  // ldr.w r0, [pc, #400]
}

TEST(Thumb, FindsTheInstructionOfAnAccess) {
  std::array<std::uint32_t, 16> r{};
  r[1] = 0x20000000;
  r[2] = 0x1000;
  r[13] = 0x20008000;
  // adds r0, #1; ldr r3, [r1, #4]; str.w r0, [r2, #8]; vldr s0, [r1, #16]; push {r4, lr}
  const std::vector<std::uint8_t> block = code({0x3001, 0x684B, 0xF8C2, 0x0008, 0xED91, 0x0A04, 0xB510});
  const auto at = [&](std::uint32_t address) {
    return accessing_instruction(block.data(), static_cast<std::uint32_t>(block.size()), 0x08000000, r, address);
  };
  EXPECT_EQ(at(0x20000004), 2u);
  EXPECT_EQ(at(0x1008), 4u);
  EXPECT_EQ(at(0x20000010), 8u);
  EXPECT_EQ(at(0x20007FF8), 12u);
  EXPECT_FALSE(at(0x3000));
}

}  // namespace
}  // namespace pensim

// Frames and changes: what goes in comes out, whatever surrounds it; what was damaged never does.
#include "firmware_shim/device/pen_frame.h"

#include <gtest/gtest.h>

#include <cstring>
#include <random>
#include <string>
#include <vector>

namespace pensim {
namespace {

using Bytes = std::vector<std::uint8_t>;

Bytes encoded(std::uint32_t session, std::uint8_t type, std::uint16_t sequence, const Bytes& payload) {
  Bytes frame(PEN_LINK_FRAME);
  frame.resize(pen_frame_encode(session, type, sequence, payload.data(), static_cast<std::uint32_t>(payload.size()),
                                frame.data()));
  return frame;
}

struct Taken {
  std::uint8_t type;
  std::uint16_t sequence;
  Bytes payload;
};
std::vector<Taken> decoded(PenDecoder& decoder, std::uint32_t session, const Bytes& bytes, std::size_t piece) {
  std::vector<Taken> out;
  for (std::size_t at = 0; at < bytes.size();) {
    const auto count = static_cast<std::uint32_t>(std::min(piece, bytes.size() - at));
    std::uint32_t used = 0;
    PenFrame frame;
    if (pen_frame_decode(&decoder, session, bytes.data() + at, count, &used, &frame) != 0)
      out.push_back({frame.type, frame.sequence, Bytes(frame.payload, frame.payload + frame.count)});
    EXPECT_TRUE(used > 0 && used <= count);
    at += used;
  }
  return out;
}

TEST(Crc, IsThatOfIeee8023) {
  EXPECT_EQ(pen_crc32(0, "123456789", 9), 0xCBF43926u);
  EXPECT_EQ(pen_crc32(pen_crc32(0, "1234", 4), "56789", 5), 0xCBF43926u);
}

TEST(Frame, ComesBackWholeInPiecesOfAnySize) {
  std::mt19937 random(7);
  for (const std::size_t size : {0u, 1u, 2u, 246u, 247u, 248u, 253u, 254u, 255u, 447u, 448u})
    for (const int kind : {0, 1, 2}) {
      Bytes payload(size);
      for (auto& b : payload) b = static_cast<std::uint8_t>(kind == 0 ? 0 : kind == 1 ? 0xAA : random() & 3u);
      const Bytes frame = encoded(77, PEN_LINK_TICK, 0x1200, payload);
      EXPECT_EQ(std::count(frame.begin(), frame.end(), 0), 1);
      EXPECT_EQ(frame.back(), 0);
      EXPECT_LE(frame.size(), PEN_LINK_FRAME);
      for (const std::size_t piece : {std::size_t{1}, std::size_t{3}, std::size_t{1000}}) {
        PenDecoder decoder{};
        const auto got = decoded(decoder, 77, frame, piece);
        ASSERT_EQ(got.size(), 1u) << size << " " << kind;
        EXPECT_EQ(got[0].type, PEN_LINK_TICK);
        EXPECT_EQ(got[0].sequence, 0x1200);
        EXPECT_EQ(got[0].payload, payload);
      }
    }
  EXPECT_TRUE(encoded(0, PEN_LINK_ECHO, 1, Bytes(PEN_LINK_PAYLOAD + 1)).empty());
}

TEST(Frame, OfAnotherSessionIsThrownAwayButNotQuestionsOfNone) {
  PenDecoder decoder{};
  EXPECT_TRUE(decoded(decoder, 5, encoded(6, PEN_LINK_TICK, 1, {1}), 99).empty());
  EXPECT_EQ(decoder.damaged, 1u);
  EXPECT_EQ(decoded(decoder, 5, encoded(0, PEN_LINK_INFO, 1, {}), 99).size(), 1u);
  EXPECT_EQ(decoded(decoder, 5, encoded(0, PEN_LINK_START | PEN_LINK_ANSWER, 1, {1}), 99).size(), 1u);
  EXPECT_TRUE(decoded(decoder, 5, encoded(5, PEN_LINK_INFO, 1, {}), 99).empty());
}

TEST(Frame, IsFoundAgainBehindAnythingAndDamageIsNeverTaken) {
  std::mt19937 random(3);
  PenDecoder decoder{};
  int taken = 0, damaged = 0;
  for (int round = 0; round < 20000; ++round) {
    Bytes payload(random() % 60);
    for (auto& b : payload) b = static_cast<std::uint8_t>(random());
    Bytes frame = encoded(9, PEN_LINK_TICK, static_cast<std::uint16_t>(round), payload);
    const unsigned what = random() % 4;
    if (what == 1) frame[random() % (frame.size() - 1)] ^= static_cast<std::uint8_t>(1u << random() % 8);
    if (what == 2) frame.erase(frame.begin() + static_cast<long>(random() % (frame.size() - 1)));
    if (what == 3) {
      Bytes noise(random() % 900);
      for (auto& b : noise) b = static_cast<std::uint8_t>(random());
      noise.push_back(0);
      frame.insert(frame.begin(), noise.begin(), noise.end());
    }
    bool whole = false;
    for (const Taken& t : decoded(decoder, 9, frame, 1 + random() % 100)) {
      ASSERT_EQ(t.sequence, static_cast<std::uint16_t>(round));
      ASSERT_EQ(t.payload, payload);
      whole = true;
    }
    EXPECT_EQ(whole, what == 0 || what == 3) << round;
    whole ? ++taken : ++damaged;
  }
  EXPECT_GT(taken, 8000);
  EXPECT_GT(damaged, 8000);
}

TEST(Changes, ApplyToTheBaseAndCarryLittle) {
  std::mt19937 random(11);
  PenIn before{}, now{};
  for (int round = 0; round < 5000; ++round) {
    now = before;
    auto* bytes = reinterpret_cast<std::uint8_t*>(&now);
    const unsigned changed = random() % 12;
    for (unsigned i = 0; i < changed; ++i) bytes[random() % sizeof now] = static_cast<std::uint8_t>(random());
    std::uint8_t changes[PEN_LINK_PAYLOAD];
    const std::uint32_t length = pen_changes_encode(&before, &now, sizeof now, 1, changes, sizeof changes);
    ASSERT_GT(length, 0u);
    EXPECT_LE(length, 1 + 3 + 2 * changed);
    EXPECT_EQ(changes[0], 1);
    PenIn copy = before;
    ASSERT_EQ(pen_changes_decode(changes, length, &copy, sizeof copy), 1);
    ASSERT_EQ(std::memcmp(&copy, &now, sizeof now), 0);
    // Cut or longer is refused, and nothing is written.
    copy = before;
    EXPECT_EQ(pen_changes_decode(changes, length - 1, &copy, sizeof copy), 0);
    changes[length] = 0;
    EXPECT_EQ(pen_changes_decode(changes, length + 1, &copy, sizeof copy), 0);
    ASSERT_EQ(std::memcmp(&copy, &before, sizeof copy), 0);
    before = now;
  }
}

TEST(Changes, OfNothingAreTheWholeAndFitAtTheirLongest) {
  for (const std::uint32_t size : {1u, 7u, 8u, 9u, 72u, 152u, static_cast<std::uint32_t>(PEN_LINK_STATE_BYTES)}) {
    Bytes now(size, 0x5A), changes(PEN_LINK_PAYLOAD), copy(size);
    const std::uint32_t length =
        pen_changes_encode(nullptr, now.data(), size, 9, changes.data(), static_cast<std::uint32_t>(changes.size()));
    ASSERT_GT(length, 0u) << size;
    EXPECT_EQ(changes[0], 0);
    ASSERT_EQ(pen_changes_decode(changes.data(), length, copy.data(), size), 1);
    EXPECT_EQ(copy, now);
    EXPECT_EQ(pen_changes_encode(nullptr, now.data(), size, 9, changes.data(), length - 1), 0u);
  }
}

}  // namespace
}  // namespace pensim

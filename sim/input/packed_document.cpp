#include "sim/input/packed_document.h"

#include <cstdint>
#include <cstring>
#include <memory>
#include <utility>

namespace pensim {
namespace {

constexpr std::string_view magic = "PnTree1";

std::uint64_t digest(std::string_view text) {  // FNV-1a, 64 bits
  std::uint64_t hash = 0xcbf29ce484222325ULL;
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3ULL;
  return hash;
}

void put(std::string& out, std::uint64_t value, int bytes) {
  for (int i = 0; i < bytes; ++i) out += static_cast<char>(value >> (8 * i));
}
void put_text(std::string& out, const std::string& text) {
  put(out, text.size(), 4);
  out += text;
}
void put_node(std::string& out, const Node& node) {
  put(out, static_cast<std::uint64_t>(node.kind) << 1 | (node.quoted ? 1 : 0), 1);
  put(out, static_cast<std::uint64_t>(node.line), 4);
  put(out, static_cast<std::uint64_t>(node.column), 4);
  put_text(out, node.text);
  put(out, node.items.size(), 4);
  for (const Node& item : node.items) put_node(out, item);
  put(out, node.members.size(), 4);
  for (const Member& member : node.members) {
    put_text(out, member.key);
    put(out, static_cast<std::uint64_t>(member.line), 4);
    put(out, static_cast<std::uint64_t>(member.column), 4);
    put_node(out, member.value);
  }
}

// Reads what put_node wrote; `bad` once it is not that.
struct Reader {
  std::string_view left;
  std::shared_ptr<const std::string> file;
  bool bad = false;

  std::uint64_t take(std::size_t bytes) {
    if (left.size() < bytes) {
      bad = true;
      return 0;
    }
    std::uint64_t value = 0;
    for (std::size_t i = 0; i < bytes; ++i)
      value |= static_cast<std::uint64_t>(static_cast<unsigned char>(left[i])) << (8 * i);
    left.remove_prefix(bytes);
    return value;
  }
  std::size_t take_count() {  // of things that take a byte or more
    const std::uint64_t count = take(4);
    if (count > left.size()) bad = true;
    return bad ? 0 : static_cast<std::size_t>(count);
  }
  std::string take_text() {
    const std::size_t size = take_count();
    std::string text(left.substr(0, size));
    left.remove_prefix(size);
    return text;
  }
  Node take_node() {
    Node node;
    const std::uint64_t kind = take(1);
    bad = bad || kind >> 1 > static_cast<std::uint64_t>(Node::Kind::map);
    node.kind = static_cast<Node::Kind>(kind >> 1);
    node.quoted = (kind & 1) != 0;
    node.line = static_cast<int>(take(4));
    node.column = static_cast<int>(take(4));
    node.file = file;
    node.text = take_text();
    for (std::size_t n = take_count(); n > 0 && !bad; --n) node.items.push_back(take_node());
    for (std::size_t n = take_count(); n > 0 && !bad; --n) {
      Member member;
      member.key = take_text();
      member.line = static_cast<int>(take(4));
      member.column = static_cast<int>(take(4));
      member.value = take_node();
      node.members.push_back(std::move(member));
    }
    return node;
  }
};

}  // namespace

std::string pack_document(const Node& root, std::string_view text) {
  std::string out(magic);
  put(out, digest(text), 8);
  put_node(out, root);
  return out;
}

std::optional<Node> unpack_document(std::string_view packed, std::string_view text, const std::string& name) {
  if (packed.substr(0, magic.size()) != magic) return std::nullopt;
  Reader reader{packed.substr(magic.size()), std::make_shared<const std::string>(name)};
  if (reader.take(8) != digest(text) || reader.bad) return std::nullopt;
  Node root = reader.take_node();
  if (reader.bad || !reader.left.empty()) return std::nullopt;
  return root;
}

}  // namespace pensim

// A packed tree is the tree that the text gives, and none other.
#include "sim/input/packed_document.h"

#include <gtest/gtest.h>

#include <filesystem>

using namespace pensim;

namespace {

bool equal(const Node& a, const Node& b) {
  if (a.kind != b.kind || a.quoted != b.quoted || a.line != b.line || a.column != b.column || a.text != b.text ||
      a.at().file != b.at().file || a.items.size() != b.items.size() || a.members.size() != b.members.size())
    return false;
  for (std::size_t i = 0; i < a.items.size(); ++i)
    if (!equal(a.items[i], b.items[i])) return false;
  for (std::size_t i = 0; i < a.members.size(); ++i) {
    const Member &m = a.members[i], &n = b.members[i];
    if (m.key != n.key || m.line != n.line || m.column != n.column || !equal(m.value, n.value)) return false;
  }
  return true;
}

Node read(const std::string& text, const std::string& name) {
  std::vector<InputProblem> problems;
  Node root = read_document(text, name, problems);
  EXPECT_TRUE(problems.empty());
  return root;
}

}  // namespace

TEST(PackedDocument, TheCatalogComesBackAsItIs) {
  int files = 0;
  for (const auto& entry : std::filesystem::directory_iterator("models/catalog")) {
    const std::string path = entry.path().string(), text = read_file(path);
    const Node root = read(text, path);
    const std::optional<Node> back = unpack_document(pack_document(root, text), text, path);
    ASSERT_TRUE(back) << path;
    EXPECT_TRUE(equal(*back, root)) << path;
    EXPECT_GT(root.members.size(), 1u);
    ++files;
  }
  EXPECT_GT(files, 5);
}

TEST(PackedDocument, OfAnotherTextOrDamagedIsNoTree) {
  const std::string text = "a: {b: [1, \"2\"], c: ~}\nd: x\n", packed = pack_document(read(text, "f"), text);
  ASSERT_TRUE(unpack_document(packed, text, "f"));
  EXPECT_FALSE(unpack_document(packed, text + " ", "f"));
  EXPECT_FALSE(unpack_document(packed + "x", text, "f"));
  EXPECT_FALSE(unpack_document("", text, "f"));
  for (std::size_t size = 0; size < packed.size(); ++size)
    EXPECT_FALSE(unpack_document(std::string_view(packed).substr(0, size), text, "f")) << size;
  for (std::size_t at = 0; at < packed.size(); ++at) {  // whatever it is then, it is read within its bounds
    std::string damaged = packed;
    damaged[at] = static_cast<char>(damaged[at] ^ 0x80);
    unpack_document(damaged, text, "f");
  }
}

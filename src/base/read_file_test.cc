#include "base/read_file.h"

#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <thread>

namespace transom {
namespace {

class ReadFile : public testing::Test {
 protected:
  ReadFile() {
    std::string pattern = (std::filesystem::temp_directory_path() / "transom_read_XXXXXX").string();
    directory_ = ::mkdtemp(pattern.data()) == nullptr ? "" : pattern;
  }
  ~ReadFile() override {
    std::error_code ignored;
    std::filesystem::remove_all(directory_, ignored);
  }
  std::string at(const std::string& name) const { return directory_ + "/" + name; }
  std::string file_with(const std::string& content) const {
    std::ofstream(at("file"), std::ios::binary) << content;
    return at("file");
  }
  static std::string reason(const std::string& path) {
    const auto content = read_file(path, 100);
    return content ? "it was read" : std::string(content.error().verb) + ": " + content.error().reason;
  }

 private:
  std::string directory_;
};

TEST_F(ReadFile, GivesItsOctetsUpToOneMoreThanTheLimit) {
  const std::string octets(100'000, 'x');
  EXPECT_EQ(read_file(file_with(octets), 100'000).value_or("?"), octets);
  EXPECT_EQ(read_file(file_with(octets), 1000).value_or("?").size(), 1001u);
  EXPECT_EQ(read_file(file_with(""), 0).value_or("?"), "");
  std::filesystem::create_symlink(at("file"), at("link"));
  EXPECT_EQ(read_file(at("link"), 10).value_or("?"), "");
  EXPECT_NE(read_file("/proc/self/status", 100'000).value_or("?").find("Name:"), std::string::npos);
}

TEST_F(ReadFile, RefusesWhatIsNoRegularFileWithoutWaiting) {
  ASSERT_EQ(::mkfifo(at("fifo").c_str(), 0600), 0);
  std::filesystem::create_symlink(at("fifo"), at("link"));
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::strncpy(address.sun_path, at("socket").c_str(), sizeof address.sun_path - 1);
  const int listener = ::socket(AF_UNIX, SOCK_STREAM, 0);
  ASSERT_EQ(::bind(listener, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
  EXPECT_EQ(reason(at("fifo")), "read: it is a FIFO, not a regular file");
  EXPECT_EQ(reason(at("link")), "read: it is a FIFO, not a regular file");
  EXPECT_EQ(reason(at("socket")), "read: it is a socket, not a regular file");
  EXPECT_EQ(reason(at("")), "read: it is a directory, not a regular file");
  EXPECT_EQ(reason("/dev/zero"), "read: it is a device, not a regular file");
  EXPECT_EQ(reason(at("none")), "open: No such file or directory");
  EXPECT_EQ(read_file(at("none"), 1).error().error, ENOENT);
  ::close(listener);
}

TEST_F(ReadFile, TakesAPipeFromAPersonWhoAsksForIt) {
  ASSERT_EQ(::mkfifo(at("fifo").c_str(), 0600), 0);
  const std::string octets(100'000, 'x');
  std::thread writer([&] { std::ofstream(at("fifo"), std::ios::binary) << octets; });
  const auto content = read_file(at("fifo"), 1 << 20, FileKinds::any);
  writer.join();
  EXPECT_EQ(content.value_or("?"), octets);
}

}  // namespace
}  // namespace transom

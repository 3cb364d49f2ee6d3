#include "io/inherited_sockets.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <gmock/gmock.h>
#include <netinet/in.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>

namespace transom::io {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

sockaddr_storage address(const char* text, std::uint16_t port) {
  sockaddr_storage result{};
  auto& v4 = reinterpret_cast<sockaddr_in&>(result);
  auto& v6 = reinterpret_cast<sockaddr_in6&>(result);
  if (inet_pton(AF_INET, text, &v4.sin_addr) == 1) {
    v4.sin_family = AF_INET;
    v4.sin_port = htons(port);
  } else {
    EXPECT_EQ(inet_pton(AF_INET6, text, &v6.sin6_addr), 1);
    v6.sin6_family = AF_INET6;
    v6.sin6_port = htons(port);
  }
  return result;
}

std::uint16_t port_of(int fd) {
  sockaddr_storage bound{};
  socklen_t length = sizeof bound;
  getsockname(fd, reinterpret_cast<sockaddr*>(&bound), &length);
  return ntohs(reinterpret_cast<sockaddr_in&>(bound).sin_port);  // at the same place for IPv6
}

/// Listens on a port that the kernel picks.
int listening(const char* text, bool only_v6 = false) {
  sockaddr_storage wanted = address(text, 0);
  const int fd = socket(wanted.ss_family, SOCK_STREAM, 0);
  const int only = only_v6 ? 1 : 0;
  if (wanted.ss_family == AF_INET6) setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &only, sizeof only);
  if (bind(fd, reinterpret_cast<sockaddr*>(&wanted), sizeof wanted) != 0 || listen(fd, 1) != 0) {
    close(fd);
    return -1;
  }
  return fd;
}

TEST(InheritedSockets, AreFoundByAddressAndPort) {
  const int fd = listening("127.0.0.1");
  const std::uint16_t port = port_of(fd);
  InheritedSockets sockets;
  sockets.add(fd, "web");
  EXPECT_EQ(sockets.take(address("127.0.0.2", port)), -1);
  EXPECT_EQ(sockets.take(address("127.0.0.1", 1)), -1);
  EXPECT_EQ(sockets.take(address("0.0.0.0", port)), -1);
  EXPECT_THAT(sockets.left(), ElementsAre("127.0.0.1:" + std::to_string(port) + " (web)"));
  EXPECT_EQ(sockets.take(address("127.0.0.1", port)), fd);
  EXPECT_EQ(sockets.take(address("127.0.0.1", port)), -1) << "only once";
  EXPECT_THAT(sockets.left(), IsEmpty());
  EXPECT_EQ(fcntl(fd, F_GETFD), FD_CLOEXEC);
  EXPECT_NE(fcntl(fd, F_GETFL) & O_NONBLOCK, 0);
  close(fd);
}

TEST(InheritedSockets, OneForBothVersionsOfIpServesAllOfIpv4) {
  const int dual = listening("::"), only_v6 = listening("::", true);
  if (dual < 0 || only_v6 < 0) GTEST_SKIP() << "no IPv6 here";
  InheritedSockets sockets;
  sockets.add(dual, "");
  sockets.add(only_v6, "");
  EXPECT_EQ(sockets.take(address("0.0.0.0", port_of(only_v6))), -1);
  EXPECT_EQ(sockets.take(address("127.0.0.1", port_of(dual))), -1);
  EXPECT_EQ(sockets.take(address("0.0.0.0", port_of(dual))), dual);
  EXPECT_EQ(sockets.take(address("::", port_of(only_v6))), only_v6);
  close(dual);
  close(only_v6);
}

TEST(InheritedSockets, UnixOnesByPath) {
  const std::string path = "/tmp/inherited-" + std::to_string(getpid()) + ".sock";
  sockaddr_un wanted{};
  wanted.sun_family = AF_UNIX;
  std::memcpy(wanted.sun_path, path.c_str(), path.size() + 1);
  const int fd = socket(AF_UNIX, SOCK_STREAM, 0);
  ASSERT_EQ(bind(fd, reinterpret_cast<sockaddr*>(&wanted), sizeof wanted), 0);
  ASSERT_EQ(listen(fd, 1), 0);
  InheritedSockets sockets;
  sockets.add(fd, "");
  EXPECT_THAT(sockets.left(), ElementsAre(path));
  EXPECT_EQ(sockets.take(std::string("/tmp/other.sock")), -1);
  EXPECT_EQ(sockets.take(path.substr(0, 4) + "/./" + path.substr(5)), fd);
  close(fd);
  unlink(path.c_str());
}

TEST(InheritedSockets, WhatCannotBeUsedIsSaidAndClosed) {
  const int datagrams = socket(AF_INET, SOCK_DGRAM, 0), silent = socket(AF_INET, SOCK_STREAM, 0);
  const int file = open("/dev/null", O_RDONLY);
  InheritedSockets sockets;
  for (const int fd : {datagrams, silent, file}) sockets.add(fd, "x");
  EXPECT_THAT(sockets.problems(),
              ElementsAre(HasSubstr("no stream socket"), HasSubstr("does not listen"), HasSubstr("is no socket")));
  EXPECT_THAT(sockets.left(), IsEmpty());
  for (const int fd : {datagrams, silent, file}) EXPECT_EQ(fcntl(fd, F_GETFD), -1);
}

TEST(InheritedSockets, AreLookedForOnlyWhereTheEnvironmentMeansThisProcess) {
  setenv("LISTEN_FDS", "1", 1);
  setenv("LISTEN_PID", "1", 1);
  setenv("LISTEN_FDNAMES", "a", 1);
  EXPECT_THAT(InheritedSockets::from_environment().problems(), IsEmpty());
  EXPECT_EQ(getenv("LISTEN_FDS"), nullptr);
  EXPECT_EQ(getenv("LISTEN_PID"), nullptr);
  EXPECT_EQ(getenv("LISTEN_FDNAMES"), nullptr);
  for (const char* wrong : {"x", "-1", "99999999", "1 "}) {
    setenv("LISTEN_FDS", wrong, 1);
    setenv("LISTEN_PID", std::to_string(getpid()).c_str(), 1);
    EXPECT_THAT(InheritedSockets::from_environment().problems(), ElementsAre(HasSubstr("LISTEN_FDS"))) << wrong;
  }
}

}  // namespace
}  // namespace transom::io

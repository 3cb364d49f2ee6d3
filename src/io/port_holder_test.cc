#include "io/port_holder.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

namespace transom::io {
namespace {

TEST(PortHolder, FindsThisProcess) {
  const int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t length = sizeof address;
  ASSERT_EQ(bind(listener, reinterpret_cast<sockaddr*>(&address), length), 0);
  ASSERT_EQ(listen(listener, 1), 0);
  ASSERT_EQ(getsockname(listener, reinterpret_cast<sockaddr*>(&address), &length), 0);
  const std::string holder = describe_port_holder(ntohs(address.sin_port));
  EXPECT_NE(holder.find(std::to_string(getpid())), std::string::npos) << holder;
  EXPECT_EQ(describe_port_holder(1), "");
  close(listener);
}

}  // namespace
}  // namespace transom::io

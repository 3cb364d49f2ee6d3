#include "tls/groups.h"

#include <gmock/gmock.h>
#include <openssl/err.h>

#include "tls/ciphers.h"

namespace transom::tls {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;

TEST(Groups, OfTheLibraryHaveNamesAndBits) {
  const auto find = [groups = library_groups()](const std::string& name) {
    for (const Group& group : groups) {
      if (group.name == name) return group;
    }
    return Group{};
  };
  EXPECT_EQ(find("P-256").bits, 256);
  EXPECT_EQ(find("P-256").id, 23u);
  EXPECT_THAT(find("P-256").names, Contains("prime256v1"));
  EXPECT_EQ(find("X25519").bits, 253);
  EXPECT_EQ(find("ffdhe2048").bits, 2048);
  EXPECT_TRUE(find("X25519").tls12 && find("X25519").tls13);
  EXPECT_EQ(ERR_peek_error(), 0u);
}

TEST(Groups, KnownOnesKeepTheirOrder) {
  EXPECT_THAT(known_groups({"NO-SUCH", "secp384r1", "x25519"}), ElementsAre("P-384", "X25519"));
}

TEST(Ciphers, Counterparts) {
  EXPECT_EQ(counterparts("DHE-RSA-AES128-SHA256:AES128-GCM-SHA256:ECDHE-RSA-AES128-SHA256", "ECDSA"),
            "ECDHE-ECDSA-AES128-SHA256:ECDHE-ECDSA-AES128-GCM-SHA256");
  EXPECT_EQ(without_dhe("DHE-RSA-AES128-SHA256"), "");
  const auto suites = expand_suites("AES128-SHA", "TLS_AES_256_GCM_SHA384");
  ASSERT_EQ(suites.size(), 2u);
  EXPECT_TRUE(suites[0].forward_secrecy && suites[0].authenticated_encryption);
  EXPECT_FALSE(suites[1].forward_secrecy || suites[1].authenticated_encryption);
  EXPECT_EQ(suites[1].standard_name, "TLS_RSA_WITH_AES_128_CBC_SHA");
  EXPECT_EQ(ERR_peek_error(), 0u);
}

}  // namespace
}  // namespace transom::tls

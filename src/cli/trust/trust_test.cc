#include <gmock/gmock.h>

#include "cli/trust/browsers.h"
#include "cli/trust/certificate.h"
#include "cli/trust/nss.h"

namespace transom::cli {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TEST(NssList, HasNicknamesWithBlanksAndTheirFlags) {
  const std::string output =
      "\nCertificate Nickname                                         Trust Attributes\n"
      "                                                             SSL,S/MIME,JAR/XPI\n\n"
      "Own root (SHA-256 0123456789ABCDEF)                          C,,  \n"
      "client, with a comma                                         u,u,u\n"
      "distrusted                                                   ,,   \n"
      "mail only                                                    ,C,\n";
  const auto entries = parse_nss_list(output);
  ASSERT_EQ(entries.size(), 4u);
  EXPECT_EQ(entries[0].nickname, "Own root (SHA-256 0123456789ABCDEF)");
  EXPECT_TRUE(entries[0].for_servers);
  EXPECT_EQ(entries[1].nickname, "client, with a comma");
  EXPECT_EQ(entries[2].nickname, "distrusted");
  for (std::size_t i = 1; i < entries.size(); ++i) EXPECT_FALSE(entries[i].for_servers) << entries[i].nickname;
}

TEST(NssList, OfErrorsIsEmpty) {
  EXPECT_THAT(parse_nss_list(""), IsEmpty());
  EXPECT_THAT(parse_nss_list("certutil: function failed: SEC_ERROR_BAD_DATABASE: security library: bad database.\n"),
              IsEmpty());
}

TEST(ProfilesIni, NamesRelativeAndAbsolutePaths) {
  const std::string ini =
      "[Install4F96D1932A9F858E]\nDefault=abc.default\nPath=of-no-profile\n\n"
      "[Profile1]\r\nName=work\r\nIsRelative=1\r\nPath=Profiles/with blank\r\n"
      "[General]\nStartWithLastProfile=1\n"
      "[Profile0]\nPath=/srv/profiles/one\nIsRelative=0\n"
      "[Profile2]\nName=without a path\n";
  EXPECT_THAT(parse_profiles_ini(ini, "/home/you/.mozilla/firefox"),
              ElementsAre("/home/you/.mozilla/firefox/Profiles/with blank", "/srv/profiles/one"));
  EXPECT_THAT(parse_profiles_ini("", "/x"), IsEmpty());
  EXPECT_THAT(parse_profiles_ini("[Profile0]", "/x"), IsEmpty());
}

TEST(TrustCertificate, HasNamesOfItsOwn) {
  TrustCertificate ca;
  ca.name = "Own root";
  ca.sha256 = "01:23:45:67:89:AB:CD:EF:01:23:45:67:89:AB:CD:EF:01:23:45:67:89:AB:CD:EF:01:23:45:67:89:AB:CD:EF";
  EXPECT_EQ(ca.nickname(), "Own root (SHA-256 0123456789ABCDEF)");
  EXPECT_EQ(ca.file_name(), "transom-0123456789abcdef.crt");
}

}  // namespace
}  // namespace transom::cli

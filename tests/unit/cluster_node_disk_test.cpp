// SPDX-License-Identifier: GPL-2.0-or-later
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cluster/node_disk.h"

namespace gridlock {
namespace {

using testing::HasSubstr;
using testing::Not;

TEST(IscsidConf, HasTheSecretWhereThereIsOne) {
  IscsiLun lun{"10.77.0.254", 3260, "iqn.x", 1};
  EXPECT_THAT(iscsid_conf(lun), Not(HasSubstr("auth")));
  lun.chap = ChapSecret{"lab", "verySecret123456"};
  EXPECT_THAT(iscsid_conf(lun), HasSubstr("node.session.auth.authmethod = CHAP\n"
                                          "node.session.auth.username = lab\n"
                                          "node.session.auth.password = verySecret123456\n"));
}

}  // namespace
}  // namespace gridlock

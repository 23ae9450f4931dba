#include "unit.h"
#include "conf/probe.h"
START_TEST(x){struct conf*c;struct problems p={.pool=pool_new()};conf_load("/nonexistent",&c,&p);ck_assert_uint_eq(p.n,1);}END_TEST
UNIT_MAIN("conf", x)

"""WeChat Pay v3 in public-key mode: our adapter over the wechatpayv3 library, the only user of it."""

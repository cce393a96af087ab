import PushEngine
import Testing

/// An account of austin's, and what becomes of it.
struct AustinSample: Sendable, CustomTestStringConvertible {
    let channel: Channel
    let json: String
    let kind: String
    let url: String
    var config: [String: String] = [:]
    let secrets: [String: String]
    /// Fields that have no effect here.
    var dropped: [String] = []

    var testDescription: String { "\(channel.rawValue) \(kind) \(url)" }
}

extension AustinSample {
    static let tencent = #"""
        {"url":"sms.tencentcloudapi.com","region":"ap-guangzhou","secretId":"AKIDxxx","secretKey":"s-key",\#
        "smsSdkAppId":"1423123125","templateId":"1182097","signName":"快推","supplierId":10,\#
        "supplierName":"腾讯云","scriptName":"TencentSmsScript"}
        """#
    static let mail = #"""
        {"host":"smtp.qq.com","port":465,"user":"u@qq.com","pass":"s-key","from":"u@qq.com",\#
        "starttlsEnable":"true","auth":true,"sslEnable":true}
        """#
    private static let robot = "https://example.org/robot/send?access_token=s-key"

    static let all: [AustinSample] = sms + mails + apps + robots

    private static let sms: [AustinSample] = [
        AustinSample(
            channel: .sms,
            json: tencent,
            kind: "tencent",
            url: "https://sms.tencentcloudapi.com",
            config: [
                "region": "ap-guangzhou", "secretId": "AKIDxxx", "smsSdkAppId": "1423123125",
                "templateId": "1182097", "signName": "快推",
            ],
            secrets: ["secretKey": "s-key"]
        ),
        AustinSample(
            channel: .sms,
            json: #"""
                {"url":"https://sms.yunpian.com/v2/sms/tpl_batch_send.json","apikey":"s-key",\#
                "tpl_id":"523333332","supplierId":20,"supplierName":"云片","scriptName":"YunPianSmsScript"}
                """#,
            kind: "yunpian",
            url: "https://sms.yunpian.com",
            config: ["tplId": "523333332"],
            secrets: ["apikey": "s-key"]
        ),
        AustinSample(
            channel: .sms,
            json: #"{"apikey":"s-key","tplId":523333332,"supplierId":"20"}"#,
            kind: "yunpian",
            url: "https://sms.yunpian.com",
            config: ["tplId": "523333332"],
            secrets: ["apikey": "s-key"]
        ),
        AustinSample(
            channel: .sms,
            json: #"""
                {"url":"https://sms.example.org/api/send","userName":"u","password":"s-key",\#
                "supplierId":30,"supplierName":"x","scriptName":"LinTongSmsScript"}
                """#,
            kind: "lintong",
            url: "https://sms.example.org/api/send",
            config: ["userName": "u"],
            secrets: ["password": "s-key"]
        ),
        AustinSample(
            channel: .sms,
            json: #"{"supplierName":"云片","apikey":"s-key","tplId":"1","url":null,"scriptName":""}"#,
            kind: "yunpian",
            url: "https://sms.yunpian.com",
            config: ["tplId": "1"],
            secrets: ["apikey": "s-key"]
        ),
    ]

    private static let mails: [AustinSample] = [
        AustinSample(
            channel: .email,
            json: mail,
            kind: "smtp",
            url: "smtps://smtp.qq.com:465",
            config: ["from": "u@qq.com", "user": "u@qq.com"],
            secrets: ["pass": "s-key"],
            dropped: ["starttlsEnable"]
        ),
        AustinSample(
            channel: .email,
            json: #"""
                {"host":"smtp.163.com","port":"587","pass":"s-key","from":"KPush <u@163.com>",\#
                "starttlsEnable":true,"sslEnable":"false"}
                """#,
            kind: "smtp",
            url: "smtp://smtp.163.com:587",
            config: ["from": "u@163.com", "fromName": "KPush", "user": "u@163.com", "starttls": "required"],
            secrets: ["pass": "s-key"]
        ),
        AustinSample(
            channel: .email,
            json: #"""
                {"host":"mail.example.org","user":"u","pass":"s-key","from":"u@example.org","auth":false,\#
                "debug":true}
                """#,
            kind: "smtp",
            url: "smtp://mail.example.org:25",
            config: ["from": "u@example.org", "starttls": "none"],
            secrets: [:],
            dropped: ["user", "pass", "auth", "debug"]
        ),
    ]

    private static let apps: [AustinSample] = [
        AustinSample(
            channel: .push,
            json: #"{"appId":"a","appKey":"k","masterSecret":"s-key"}"#,
            kind: "getui",
            url: "https://restapi.getui.com/v2",
            config: ["appId": "a", "appKey": "k"],
            secrets: ["masterSecret": "s-key"]
        ),
        AustinSample(
            channel: .officialAccount,
            json: #"{"appId":"wx1","secret":"s-key","token":"s-token"}"#,
            kind: "wechat-oa",
            url: "https://api.weixin.qq.com",
            config: ["appId": "wx1"],
            secrets: ["secret": "s-key", "token": "s-token"]
        ),
        AustinSample(
            channel: .miniProgram,
            json: #"""
                {"templateId":"t","miniProgramState":"trial","page":"p","appId":"wx1",\#
                "appSecret":"s-key","grantType":"client_credential"}
                """#,
            kind: "wechat-mini",
            url: "https://api.weixin.qq.com",
            config: ["appId": "wx1", "miniProgramState": "trial"],
            secrets: ["appSecret": "s-key"],
            dropped: ["templateId", "page", "grantType"]
        ),
        AustinSample(
            channel: .weComApp,
            json: #"{"corpId":"ww1","corpSecret":"s-key","agentId":1000002,"token":"s-t","aesKey":"s-a"}"#,
            kind: "wecom-app",
            url: "https://qyapi.weixin.qq.com",
            config: ["corpId": "ww1", "agentId": "1000002"],
            secrets: ["corpSecret": "s-key"],
            dropped: ["token", "aesKey"]
        ),
        AustinSample(
            channel: .dingTalkWorkNotice,
            json: #"{"appKey":"k","appSecret":"s-key","agentId":"123456789"}"#,
            kind: "dingtalk-notice",
            url: "https://oapi.dingtalk.com",
            config: ["appKey": "k", "agentId": "123456789"],
            secrets: ["appSecret": "s-key"]
        ),
    ]

    private static let robots: [AustinSample] = [
        AustinSample(
            channel: .dingTalkRobot,
            json: #"{"secret":"SECs-key","webhook":"\#(robot)"}"#,
            kind: "dingtalk-robot",
            url: "https://oapi.dingtalk.com",
            secrets: ["secret": "SECs-key", "webhook": robot]
        ),
        AustinSample(
            channel: .weComRobot,
            json: #"{"webhook":"\#(robot)"}"#,
            kind: "wecom-robot",
            url: "https://qyapi.weixin.qq.com",
            secrets: ["webhook": robot]
        ),
        AustinSample(
            channel: .feishuRobot,
            json: #"{"webhook":"\#(robot)"}"#,
            kind: "feishu-robot",
            url: "https://open.feishu.cn",
            secrets: ["webhook": robot]
        ),
    ]

    /// What cannot be translated, and the field that says so.
    static let faults: [(channel: Int, json: String, field: String)] = [
        (30, tencent.replacing("TencentSmsScript", with: "AcmeSmsScript"), "accountConfig.scriptName"),
        (30, #"{"apikey":"s-key","tplId":"1","supplierId":77}"#, "accountConfig.supplierId"),
        (30, #"{"apikey":"s-key","tplId":"1","supplierName":"x"}"#, "accountConfig.supplierName"),
        (30, #"{"apikey":"s-key","tplId":"1"}"#, "accountConfig.scriptName"),
        (30, tencent.replacing(#""s-key""#, with: #""""#), "accountConfig.secretKey"),
        (30, tencent.replacing("signName", with: "sign"), "accountConfig.sign"),
        (30, tencent.replacing("1182097", with: ""), "accountConfig.templateId"),
        (30, tencent.replacing("sms.tencentcloudapi.com", with: "ftp://x"), "accountConfig.url"),
        (30, tencent.replacing(#""快推""#, with: #"["快推"]"#), "accountConfig.signName"),
        (
            30,
            #"{"url":"https://sms.yunpian.com/v1/sms/send.json","apikey":"k","tplId":"1","supplierId":20}"#,
            "accountConfig.url"
        ),
        (30, #"{"userName":"u","password":"k","scriptName":"LinTongSmsScript"}"#, "accountConfig.url"),
        (40, mail.replacing("smtp.qq.com", with: ""), "accountConfig.host"),
        (40, mail.replacing("smtp.qq.com", with: "smtp.qq.com:25"), "accountConfig.host"),
        (40, mail.replacing("465", with: "70000"), "accountConfig.port"),
        (40, mail.replacing("465", with: #""smtp""#), "accountConfig.port"),
        (40, mail.replacing(#""sslEnable":true"#, with: #""sslEnable":"yes""#), "accountConfig.sslEnable"),
        (40, mail.replacing(#""from":"u@qq.com""#, with: #""from":"nobody""#), "accountConfig.from"),
        (40, mail.replacing(#""from":"u@qq.com","#, with: ""), "accountConfig.from"),
        (50, #"{"appId":"wx1","token":"t"}"#, "accountConfig.secret"),
        (70, #"{"corpId":"ww1","corpSecret":"s-key"}"#, "accountConfig.agentId"),
        (70, #"{"corpId":"ww1","corpId":"ww2"}"#, "accountConfig.corpId"),
        (80, #"{"secret":"SECx"}"#, "accountConfig.webhook"), (100, "{}", "accountConfig.webhook"),
        (20, #"{"appId":"a\u0000","appKey":"k","masterSecret":"s-key"}"#, "accountConfig.appId"),
        (10, "{}", "sendChannel"),
        (120, #"{"privateKey":"s-key","alipayPublicKey":"k","appId":"a"}"#, "sendChannel"),
        (30, "not JSON", "accountConfig"), (30, "[]", "accountConfig"),
    ]
}

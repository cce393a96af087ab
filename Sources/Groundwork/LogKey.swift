/// The names of what log lines carry beside their sentence; one spelling each, in the whole program.
public enum LogKey {
    /// The key `job`.
    public static let job = "job"
    /// The key `run`.
    public static let run = "run"
    /// The key `handler`.
    public static let handler = "handler"
    /// The key `executor`.
    public static let executor = "executor"
    /// The key `group`.
    public static let group = "group"
    /// The key `campaign`.
    public static let campaign = "campaign"
    /// The key `campaign_run`.
    public static let campaignRun = "campaign_run"
    /// The key `template`.
    public static let template = "template"
    /// The key `lane`.
    public static let lane = "lane"
    /// The key `batch`.
    public static let batch = "batch"
    /// The key `supplier`.
    public static let supplier = "supplier"
    /// The key `account`.
    public static let account = "account"
    /// The key `limit`.
    public static let limit = "limit"
    /// The key `fencing_token`.
    public static let fencingToken = "fencing_token"
    /// The key `reason`.
    public static let reason = "reason"
    /// The key `error`.
    public static let error = "error"
    /// The key `count`.
    public static let count = "count"
    /// The key `address`.
    public static let address = "address"
    /// The key `duration_ms`.
    public static let duration = "duration_ms"
}

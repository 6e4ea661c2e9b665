/**
 * Made by scripts/grpc-messages.mjs from proto/: not to be edited.
 *
 * The messages and enums of a model's configuration, by name; ModelConfig is the whole.
 */
export const configMessages = {
  "ModelRateLimiter": {
    resources: {"id":1,"type":"ModelRateLimiter.Resource","isRepeated":true},
    priority: {"id":2,"type":"uint32"},
  },
  "ModelRateLimiter.Resource": {
    name: {"id":1,"type":"string"},
    global: {"id":2,"type":"bool"},
    count: {"id":3,"type":"uint32"},
  },
  "ModelInstanceGroup": {
    name: {"id":1,"type":"string"},
    count: {"id":2,"type":"int32"},
    gpus: {"id":3,"type":"int32","isRepeated":true},
    kind: {"id":4,"type":"ModelInstanceGroup.Kind"},
    profile: {"id":5,"type":"string","isRepeated":true},
    rate_limiter: {"id":6,"type":"ModelRateLimiter"},
    passive: {"id":7,"type":"bool"},
    secondary_devices: {"id":8,"type":"ModelInstanceGroup.SecondaryDevice","isRepeated":true},
    host_policy: {"id":9,"type":"string"},
  },
  "ModelInstanceGroup.SecondaryDevice": {
    kind: {"id":1,"type":"ModelInstanceGroup.SecondaryDevice.SecondaryDeviceKind"},
    device_id: {"id":2,"type":"int64"},
  },
  "ModelTensorReshape": {
    shape: {"id":1,"type":"int64","isRepeated":true},
  },
  "ModelInput": {
    name: {"id":1,"type":"string"},
    data_type: {"id":2,"type":"DataType"},
    format: {"id":3,"type":"ModelInput.Format"},
    dims: {"id":4,"type":"int64","isRepeated":true},
    reshape: {"id":5,"type":"ModelTensorReshape"},
    is_shape_tensor: {"id":6,"type":"bool"},
    allow_ragged_batch: {"id":7,"type":"bool"},
    optional: {"id":8,"type":"bool"},
    is_non_linear_format_io: {"id":9,"type":"bool"},
  },
  "ModelOutput": {
    name: {"id":1,"type":"string"},
    data_type: {"id":2,"type":"DataType"},
    dims: {"id":3,"type":"int64","isRepeated":true},
    label_filename: {"id":4,"type":"string"},
    reshape: {"id":5,"type":"ModelTensorReshape"},
    is_shape_tensor: {"id":6,"type":"bool"},
    is_non_linear_format_io: {"id":7,"type":"bool"},
  },
  "BatchInput": {
    kind: {"id":1,"type":"BatchInput.Kind"},
    target_name: {"id":2,"type":"string","isRepeated":true},
    data_type: {"id":3,"type":"DataType"},
    source_input: {"id":4,"type":"string","isRepeated":true},
  },
  "BatchOutput": {
    target_name: {"id":1,"type":"string","isRepeated":true},
    kind: {"id":2,"type":"BatchOutput.Kind"},
    source_input: {"id":3,"type":"string","isRepeated":true},
  },
  "ModelVersionPolicy": {
    latest: {"id":1,"type":"ModelVersionPolicy.Latest","oneof":"policy_choice"},
    all: {"id":2,"type":"ModelVersionPolicy.All","oneof":"policy_choice"},
    specific: {"id":3,"type":"ModelVersionPolicy.Specific","oneof":"policy_choice"},
  },
  "ModelVersionPolicy.Latest": {
    num_versions: {"id":1,"type":"uint32"},
  },
  "ModelVersionPolicy.All": {
  },
  "ModelVersionPolicy.Specific": {
    versions: {"id":1,"type":"int64","isRepeated":true},
  },
  "ModelOptimizationPolicy": {
    graph: {"id":1,"type":"ModelOptimizationPolicy.Graph"},
    priority: {"id":2,"type":"ModelOptimizationPolicy.ModelPriority"},
    cuda: {"id":3,"type":"ModelOptimizationPolicy.Cuda"},
    execution_accelerators: {"id":4,"type":"ModelOptimizationPolicy.ExecutionAccelerators"},
    input_pinned_memory: {"id":5,"type":"ModelOptimizationPolicy.PinnedMemoryBuffer"},
    output_pinned_memory: {"id":6,"type":"ModelOptimizationPolicy.PinnedMemoryBuffer"},
    gather_kernel_buffer_threshold: {"id":7,"type":"uint32"},
    eager_batching: {"id":8,"type":"bool"},
  },
  "ModelOptimizationPolicy.Graph": {
    level: {"id":1,"type":"int32"},
  },
  "ModelOptimizationPolicy.Cuda": {
    graphs: {"id":1,"type":"bool"},
    busy_wait_events: {"id":2,"type":"bool"},
    graph_spec: {"id":3,"type":"ModelOptimizationPolicy.Cuda.GraphSpec","isRepeated":true},
    output_copy_stream: {"id":4,"type":"bool"},
  },
  "ModelOptimizationPolicy.Cuda.GraphSpec": {
    batch_size: {"id":1,"type":"int32"},
    input: {"id":2,"type":"ModelOptimizationPolicy.Cuda.GraphSpec.Shape","keyType":"string"},
    graph_lower_bound: {"id":3,"type":"ModelOptimizationPolicy.Cuda.GraphSpec.LowerBound"},
  },
  "ModelOptimizationPolicy.Cuda.GraphSpec.Shape": {
    dim: {"id":1,"type":"int64","isRepeated":true},
  },
  "ModelOptimizationPolicy.Cuda.GraphSpec.LowerBound": {
    batch_size: {"id":1,"type":"int32"},
    input: {"id":2,"type":"ModelOptimizationPolicy.Cuda.GraphSpec.Shape","keyType":"string"},
  },
  "ModelOptimizationPolicy.ExecutionAccelerators": {
    gpu_execution_accelerator: {"id":1,"type":"ModelOptimizationPolicy.ExecutionAccelerators.Accelerator","isRepeated":true},
    cpu_execution_accelerator: {"id":2,"type":"ModelOptimizationPolicy.ExecutionAccelerators.Accelerator","isRepeated":true},
  },
  "ModelOptimizationPolicy.ExecutionAccelerators.Accelerator": {
    name: {"id":1,"type":"string"},
    parameters: {"id":2,"type":"string","keyType":"string"},
  },
  "ModelOptimizationPolicy.PinnedMemoryBuffer": {
    enable: {"id":1,"type":"bool"},
  },
  "ModelQueuePolicy": {
    timeout_action: {"id":1,"type":"ModelQueuePolicy.TimeoutAction"},
    default_timeout_microseconds: {"id":2,"type":"uint64"},
    allow_timeout_override: {"id":3,"type":"bool"},
    max_queue_size: {"id":4,"type":"uint32"},
  },
  "ModelDynamicBatching": {
    preferred_batch_size: {"id":1,"type":"int32","isRepeated":true},
    max_queue_delay_microseconds: {"id":2,"type":"uint64"},
    preserve_ordering: {"id":3,"type":"bool"},
    priority_levels: {"id":4,"type":"uint64"},
    default_priority_level: {"id":5,"type":"uint64"},
    default_queue_policy: {"id":6,"type":"ModelQueuePolicy"},
    priority_queue_policy: {"id":7,"type":"ModelQueuePolicy","keyType":"uint64"},
  },
  "ModelSequenceBatching": {
    direct: {"id":3,"type":"ModelSequenceBatching.StrategyDirect","oneof":"strategy_choice"},
    oldest: {"id":4,"type":"ModelSequenceBatching.StrategyOldest","oneof":"strategy_choice"},
    max_sequence_idle_microseconds: {"id":1,"type":"uint64"},
    control_input: {"id":2,"type":"ModelSequenceBatching.ControlInput","isRepeated":true},
    state: {"id":5,"type":"ModelSequenceBatching.State","isRepeated":true},
    iterative_sequence: {"id":6,"type":"bool"},
  },
  "ModelSequenceBatching.Control": {
    kind: {"id":1,"type":"ModelSequenceBatching.Control.Kind"},
    int32_false_true: {"id":2,"type":"int32","isRepeated":true},
    fp32_false_true: {"id":3,"type":"float","isRepeated":true},
    data_type: {"id":4,"type":"DataType"},
    bool_false_true: {"id":5,"type":"bool","isRepeated":true},
  },
  "ModelSequenceBatching.ControlInput": {
    name: {"id":1,"type":"string"},
    control: {"id":2,"type":"ModelSequenceBatching.Control","isRepeated":true},
  },
  "ModelSequenceBatching.InitialState": {
    data_type: {"id":1,"type":"DataType"},
    dims: {"id":2,"type":"int64","isRepeated":true},
    zero_data: {"id":3,"type":"bool","oneof":"state_data"},
    data_file: {"id":4,"type":"string","oneof":"state_data"},
    name: {"id":5,"type":"string"},
  },
  "ModelSequenceBatching.State": {
    input_name: {"id":1,"type":"string"},
    output_name: {"id":2,"type":"string"},
    data_type: {"id":3,"type":"DataType"},
    dims: {"id":4,"type":"int64","isRepeated":true},
    initial_state: {"id":5,"type":"ModelSequenceBatching.InitialState","isRepeated":true},
    use_same_buffer_for_input_output: {"id":6,"type":"bool"},
    use_growable_memory: {"id":7,"type":"bool"},
  },
  "ModelSequenceBatching.StrategyDirect": {
    max_queue_delay_microseconds: {"id":1,"type":"uint64"},
    minimum_slot_utilization: {"id":2,"type":"float"},
  },
  "ModelSequenceBatching.StrategyOldest": {
    max_candidate_sequences: {"id":1,"type":"int32"},
    preferred_batch_size: {"id":2,"type":"int32","isRepeated":true},
    max_queue_delay_microseconds: {"id":3,"type":"uint64"},
    preserve_ordering: {"id":4,"type":"bool"},
  },
  "ModelEnsembling": {
    step: {"id":1,"type":"ModelEnsembling.Step","isRepeated":true},
    max_inflight_requests: {"id":2,"type":"uint32"},
  },
  "ModelEnsembling.Step": {
    model_name: {"id":1,"type":"string"},
    model_version: {"id":2,"type":"int64"},
    input_map: {"id":3,"type":"string","keyType":"string"},
    output_map: {"id":4,"type":"string","keyType":"string"},
    model_namespace: {"id":5,"type":"string"},
  },
  "ModelParameter": {
    string_value: {"id":1,"type":"string"},
  },
  "ModelWarmup": {
    name: {"id":1,"type":"string"},
    batch_size: {"id":2,"type":"uint32"},
    inputs: {"id":3,"type":"ModelWarmup.Input","keyType":"string"},
    count: {"id":4,"type":"uint32"},
  },
  "ModelWarmup.Input": {
    data_type: {"id":1,"type":"DataType"},
    dims: {"id":2,"type":"int64","isRepeated":true},
    zero_data: {"id":3,"type":"bool","oneof":"input_data_type"},
    random_data: {"id":4,"type":"bool","oneof":"input_data_type"},
    input_data_file: {"id":5,"type":"string","oneof":"input_data_type"},
  },
  "ModelOperations": {
    op_library_filename: {"id":1,"type":"string","isRepeated":true},
  },
  "ModelTransactionPolicy": {
    decoupled: {"id":1,"type":"bool"},
  },
  "ModelRepositoryAgents": {
    agents: {"id":1,"type":"ModelRepositoryAgents.Agent","isRepeated":true},
  },
  "ModelRepositoryAgents.Agent": {
    name: {"id":1,"type":"string"},
    parameters: {"id":2,"type":"string","keyType":"string"},
  },
  "ModelResponseCache": {
    enable: {"id":1,"type":"bool"},
  },
  "ModelMetrics": {
    metric_control: {"id":1,"type":"ModelMetrics.MetricControl","isRepeated":true},
  },
  "ModelMetrics.MetricControl": {
    metric_identifier: {"id":1,"type":"ModelMetrics.MetricControl.MetricIdentifier"},
    histogram_options: {"id":2,"type":"ModelMetrics.MetricControl.HistogramOptions","oneof":"metric_options"},
  },
  "ModelMetrics.MetricControl.MetricIdentifier": {
    family: {"id":1,"type":"string"},
  },
  "ModelMetrics.MetricControl.HistogramOptions": {
    buckets: {"id":1,"type":"double","isRepeated":true},
  },
  "ModelConfig": {
    name: {"id":1,"type":"string"},
    platform: {"id":2,"type":"string"},
    backend: {"id":17,"type":"string"},
    runtime: {"id":25,"type":"string"},
    version_policy: {"id":3,"type":"ModelVersionPolicy"},
    max_batch_size: {"id":4,"type":"int32"},
    input: {"id":5,"type":"ModelInput","isRepeated":true},
    output: {"id":6,"type":"ModelOutput","isRepeated":true},
    batch_input: {"id":20,"type":"BatchInput","isRepeated":true},
    batch_output: {"id":21,"type":"BatchOutput","isRepeated":true},
    optimization: {"id":12,"type":"ModelOptimizationPolicy"},
    dynamic_batching: {"id":11,"type":"ModelDynamicBatching","oneof":"scheduling_choice"},
    sequence_batching: {"id":13,"type":"ModelSequenceBatching","oneof":"scheduling_choice"},
    ensemble_scheduling: {"id":15,"type":"ModelEnsembling","oneof":"scheduling_choice"},
    instance_group: {"id":7,"type":"ModelInstanceGroup","isRepeated":true},
    default_model_filename: {"id":8,"type":"string"},
    cc_model_filenames: {"id":9,"type":"string","keyType":"string"},
    metric_tags: {"id":10,"type":"string","keyType":"string"},
    parameters: {"id":14,"type":"ModelParameter","keyType":"string"},
    model_warmup: {"id":16,"type":"ModelWarmup","isRepeated":true},
    model_operations: {"id":18,"type":"ModelOperations"},
    model_transaction_policy: {"id":19,"type":"ModelTransactionPolicy"},
    model_repository_agents: {"id":23,"type":"ModelRepositoryAgents"},
    response_cache: {"id":24,"type":"ModelResponseCache"},
    model_metrics: {"id":26,"type":"ModelMetrics"},
  },
} as const;

export const configEnums = {
  "DataType": {
    TYPE_INVALID: 0,
    TYPE_BOOL: 1,
    TYPE_UINT8: 2,
    TYPE_UINT16: 3,
    TYPE_UINT32: 4,
    TYPE_UINT64: 5,
    TYPE_INT8: 6,
    TYPE_INT16: 7,
    TYPE_INT32: 8,
    TYPE_INT64: 9,
    TYPE_FP16: 10,
    TYPE_FP32: 11,
    TYPE_FP64: 12,
    TYPE_STRING: 13,
    TYPE_BF16: 14,
  },
  "ModelInstanceGroup.Kind": {
    KIND_AUTO: 0,
    KIND_GPU: 1,
    KIND_CPU: 2,
    KIND_MODEL: 3,
  },
  "ModelInstanceGroup.SecondaryDevice.SecondaryDeviceKind": {
    KIND_NVDLA: 0,
  },
  "ModelInput.Format": {
    FORMAT_NONE: 0,
    FORMAT_NHWC: 1,
    FORMAT_NCHW: 2,
  },
  "BatchInput.Kind": {
    BATCH_ELEMENT_COUNT: 0,
    BATCH_ACCUMULATED_ELEMENT_COUNT: 1,
    BATCH_ACCUMULATED_ELEMENT_COUNT_WITH_ZERO: 2,
    BATCH_MAX_ELEMENT_COUNT_AS_SHAPE: 3,
    BATCH_ITEM_SHAPE: 4,
    BATCH_ITEM_SHAPE_FLATTEN: 5,
  },
  "BatchOutput.Kind": {
    BATCH_SCATTER_WITH_INPUT_SHAPE: 0,
  },
  "ModelOptimizationPolicy.ModelPriority": {
    PRIORITY_DEFAULT: 0,
    PRIORITY_MAX: 1,
    PRIORITY_MIN: 2,
  },
  "ModelQueuePolicy.TimeoutAction": {
    REJECT: 0,
    DELAY: 1,
  },
  "ModelSequenceBatching.Control.Kind": {
    CONTROL_SEQUENCE_START: 0,
    CONTROL_SEQUENCE_READY: 1,
    CONTROL_SEQUENCE_END: 2,
    CONTROL_SEQUENCE_CORRID: 3,
  },
} as const;

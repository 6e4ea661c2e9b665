// Made by scripts/grpc-messages.mjs from proto/: not to be edited.
import * as $protobuf from "protobufjs";
interface Long {
  readonly low: number;
  readonly high: number;
  readonly unsigned: boolean;
}

export namespace inference {

    interface IServerLiveRequest extends inference.ServerLiveRequest.$Properties {
    }

    class ServerLiveRequest {
        constructor(properties?: inference.ServerLiveRequest.$Properties);
        $unknowns?: Uint8Array[];
        static encode(message: inference.ServerLiveRequest.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
        static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): inference.ServerLiveRequest & inference.ServerLiveRequest.$Shape;
    }

    namespace ServerLiveRequest {
        interface $Properties {
            $unknowns?: Uint8Array[];
        }
        type $Shape = inference.ServerLiveRequest.$Properties;
    }

    interface IServerLiveResponse extends inference.ServerLiveResponse.$Properties {
    }

    class ServerLiveResponse {
        constructor(properties?: inference.ServerLiveResponse.$Properties);
        $unknowns?: Uint8Array[];
        live: boolean;
        static encode(message: inference.ServerLiveResponse.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
        static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): inference.ServerLiveResponse & inference.ServerLiveResponse.$Shape;
    }

    namespace ServerLiveResponse {
        interface $Properties {
            live?: boolean;
            $unknowns?: Uint8Array[];
        }
        type $Shape = inference.ServerLiveResponse.$Properties;
    }

    interface IServerReadyRequest extends inference.ServerReadyRequest.$Properties {
    }

    class ServerReadyRequest {
        constructor(properties?: inference.ServerReadyRequest.$Properties);
        $unknowns?: Uint8Array[];
        static encode(message: inference.ServerReadyRequest.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
        static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): inference.ServerReadyRequest & inference.ServerReadyRequest.$Shape;
    }

    namespace ServerReadyRequest {
        interface $Properties {
            $unknowns?: Uint8Array[];
        }
        type $Shape = inference.ServerReadyRequest.$Properties;
    }

    interface IServerReadyResponse extends inference.ServerReadyResponse.$Properties {
    }

    class ServerReadyResponse {
        constructor(properties?: inference.ServerReadyResponse.$Properties);
        $unknowns?: Uint8Array[];
        ready: boolean;
        static encode(message: inference.ServerReadyResponse.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
        static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): inference.ServerReadyResponse & inference.ServerReadyResponse.$Shape;
    }

    namespace ServerReadyResponse {
        interface $Properties {
            ready?: boolean;
            $unknowns?: Uint8Array[];
        }
        type $Shape = inference.ServerReadyResponse.$Properties;
    }

    interface IModelReadyRequest extends inference.ModelReadyRequest.$Properties {
    }

    class ModelReadyRequest {
        constructor(properties?: inference.ModelReadyRequest.$Properties);
        $unknowns?: Uint8Array[];
        name: string;
        version: string;
        static encode(message: inference.ModelReadyRequest.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
        static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): inference.ModelReadyRequest & inference.ModelReadyRequest.$Shape;
    }

    namespace ModelReadyRequest {
        interface $Properties {
            name?: string;
            version?: string;
            $unknowns?: Uint8Array[];
        }
        type $Shape = inference.ModelReadyRequest.$Properties;
    }

    interface IModelReadyResponse extends inference.ModelReadyResponse.$Properties {
    }

    class ModelReadyResponse {
        constructor(properties?: inference.ModelReadyResponse.$Properties);
        $unknowns?: Uint8Array[];
        ready: boolean;
        static encode(message: inference.ModelReadyResponse.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
        static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): inference.ModelReadyResponse & inference.ModelReadyResponse.$Shape;
    }

    namespace ModelReadyResponse {
        interface $Properties {
            ready?: boolean;
            $unknowns?: Uint8Array[];
        }
        type $Shape = inference.ModelReadyResponse.$Properties;
    }

    interface IServerMetadataRequest extends inference.ServerMetadataRequest.$Properties {
    }

    class ServerMetadataRequest {
        constructor(properties?: inference.ServerMetadataRequest.$Properties);
        $unknowns?: Uint8Array[];
        static encode(message: inference.ServerMetadataRequest.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
        static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): inference.ServerMetadataRequest & inference.ServerMetadataRequest.$Shape;
    }

    namespace ServerMetadataRequest {
        interface $Properties {
            $unknowns?: Uint8Array[];
        }
        type $Shape = inference.ServerMetadataRequest.$Properties;
    }

    interface IServerMetadataResponse extends inference.ServerMetadataResponse.$Properties {
    }

    class ServerMetadataResponse {
        constructor(properties?: inference.ServerMetadataResponse.$Properties);
        $unknowns?: Uint8Array[];
        name: string;
        version: string;
        extensions: string[];
        static encode(message: inference.ServerMetadataResponse.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
        static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): inference.ServerMetadataResponse & inference.ServerMetadataResponse.$Shape;
    }

    namespace ServerMetadataResponse {
        interface $Properties {
            name?: string;
            version?: string;
            extensions?: string[];
            $unknowns?: Uint8Array[];
        }
        type $Shape = inference.ServerMetadataResponse.$Properties;
    }

    interface IModelMetadataRequest extends inference.ModelMetadataRequest.$Properties {
    }

    class ModelMetadataRequest {
        constructor(properties?: inference.ModelMetadataRequest.$Properties);
        $unknowns?: Uint8Array[];
        name: string;
        version: string;
        static encode(message: inference.ModelMetadataRequest.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
        static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): inference.ModelMetadataRequest & inference.ModelMetadataRequest.$Shape;
    }

    namespace ModelMetadataRequest {
        interface $Properties {
            name?: string;
            version?: string;
            $unknowns?: Uint8Array[];
        }
        type $Shape = inference.ModelMetadataRequest.$Properties;
    }

    interface IModelMetadataResponse extends inference.ModelMetadataResponse.$Properties {
    }

    class ModelMetadataResponse {
        constructor(properties?: inference.ModelMetadataResponse.$Properties);
        $unknowns?: Uint8Array[];
        name: string;
        versions: string[];
        platform: string;
        inputs: inference.ModelMetadataResponse.TensorMetadata[];
        outputs: inference.ModelMetadataResponse.TensorMetadata[];
        static encode(message: inference.ModelMetadataResponse.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
        static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): inference.ModelMetadataResponse & inference.ModelMetadataResponse.$Shape;
    }

    namespace ModelMetadataResponse {
        interface $Properties {
            name?: string;
            versions?: string[];
            platform?: string;
            inputs?: inference.ModelMetadataResponse.TensorMetadata.$Properties[];
            outputs?: inference.ModelMetadataResponse.TensorMetadata.$Properties[];
            $unknowns?: Uint8Array[];
        }
        type $Shape = inference.ModelMetadataResponse.$Properties;

        interface ITensorMetadata extends inference.ModelMetadataResponse.TensorMetadata.$Properties {
        }

        class TensorMetadata {
            constructor(properties?: inference.ModelMetadataResponse.TensorMetadata.$Properties);
            $unknowns?: Uint8Array[];
            name: string;
            datatype: string;
            shape: (number|Long)[];
            static encode(message: inference.ModelMetadataResponse.TensorMetadata.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): inference.ModelMetadataResponse.TensorMetadata & inference.ModelMetadataResponse.TensorMetadata.$Shape;
        }

        namespace TensorMetadata {
            interface $Properties {
                name?: string;
                datatype?: string;
                shape?: (number|Long)[];
                $unknowns?: Uint8Array[];
            }
            type $Shape = inference.ModelMetadataResponse.TensorMetadata.$Properties;
        }
    }

    interface IInferParameter extends inference.InferParameter.$Properties {
    }

    class InferParameter {
        constructor(properties?: inference.InferParameter.$Properties);
        $unknowns?: Uint8Array[];
        boolParam: (boolean|null);
        int64Param: (number|Long|null);
        stringParam: (string|null);
        doubleParam: (number|null);
        uint64Param: (number|Long|null);
        parameterChoice?: ("boolParam"|"int64Param"|"stringParam"|"doubleParam"|"uint64Param");
        static encode(message: inference.InferParameter.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
        static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): inference.InferParameter & inference.InferParameter.$Shape;
    }

    namespace InferParameter {
        interface $Properties {
            boolParam?: (boolean|null);
            int64Param?: (number|Long|null);
            stringParam?: (string|null);
            doubleParam?: (number|null);
            uint64Param?: (number|Long|null);
            parameterChoice?: ("boolParam"|"int64Param"|"stringParam"|"doubleParam"|"uint64Param");
            $unknowns?: Uint8Array[];
        }
        type $Shape = {
          boolParam?: boolean|null;
          int64Param?: number|Long|null;
          stringParam?: string|null;
          doubleParam?: number|null;
          uint64Param?: number|Long|null;
          $unknowns?: Uint8Array[];
        } & (
          ({ parameterChoice?: undefined; boolParam?: null; int64Param?: null; stringParam?: null; doubleParam?: null; uint64Param?: null }|{ parameterChoice?: "boolParam"; boolParam: boolean; int64Param?: null; stringParam?: null; doubleParam?: null; uint64Param?: null }|{ parameterChoice?: "int64Param"; boolParam?: null; int64Param: number|Long; stringParam?: null; doubleParam?: null; uint64Param?: null }|{ parameterChoice?: "stringParam"; boolParam?: null; int64Param?: null; stringParam: string; doubleParam?: null; uint64Param?: null }|{ parameterChoice?: "doubleParam"; boolParam?: null; int64Param?: null; stringParam?: null; doubleParam: number; uint64Param?: null }|{ parameterChoice?: "uint64Param"; boolParam?: null; int64Param?: null; stringParam?: null; doubleParam?: null; uint64Param: number|Long })
        );
    }

    interface IInferTensorContents extends inference.InferTensorContents.$Properties {
    }

    class InferTensorContents {
        constructor(properties?: inference.InferTensorContents.$Properties);
        $unknowns?: Uint8Array[];
        boolContents: boolean[];
        intContents: number[];
        int64Contents: (number|Long)[];
        uintContents: number[];
        uint64Contents: (number|Long)[];
        fp32Contents: number[];
        fp64Contents: number[];
        bytesContents: Uint8Array[];
        static encode(message: inference.InferTensorContents.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
        static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): inference.InferTensorContents & inference.InferTensorContents.$Shape;
    }

    namespace InferTensorContents {
        interface $Properties {
            boolContents?: boolean[];
            intContents?: number[];
            int64Contents?: (number|Long)[];
            uintContents?: number[];
            uint64Contents?: (number|Long)[];
            fp32Contents?: number[];
            fp64Contents?: number[];
            bytesContents?: Uint8Array[];
            $unknowns?: Uint8Array[];
        }
        type $Shape = inference.InferTensorContents.$Properties;
    }

    interface IModelInferRequest extends inference.ModelInferRequest.$Properties {
    }

    class ModelInferRequest {
        constructor(properties?: inference.ModelInferRequest.$Properties);
        $unknowns?: Uint8Array[];
        modelName: string;
        modelVersion: string;
        id: string;
        parameters: { [k: string]: inference.InferParameter };
        inputs: inference.ModelInferRequest.InferInputTensor[];
        outputs: inference.ModelInferRequest.InferRequestedOutputTensor[];
        rawInputContents: Uint8Array[];
        static encode(message: inference.ModelInferRequest.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
        static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): inference.ModelInferRequest & inference.ModelInferRequest.$Shape;
    }

    namespace ModelInferRequest {
        interface $Properties {
            modelName?: string;
            modelVersion?: string;
            id?: string;
            parameters?: { [k: string]: inference.InferParameter.$Properties };
            inputs?: inference.ModelInferRequest.InferInputTensor.$Properties[];
            outputs?: inference.ModelInferRequest.InferRequestedOutputTensor.$Properties[];
            rawInputContents?: Uint8Array[];
            $unknowns?: Uint8Array[];
        }
        type $Shape = {
          modelName?: string;
          modelVersion?: string;
          id?: string;
          parameters?: { [k: string]: inference.InferParameter.$Shape };
          inputs?: inference.ModelInferRequest.InferInputTensor.$Shape[];
          outputs?: inference.ModelInferRequest.InferRequestedOutputTensor.$Shape[];
          rawInputContents?: Uint8Array[];
          $unknowns?: Uint8Array[];
        };

        interface IInferInputTensor extends inference.ModelInferRequest.InferInputTensor.$Properties {
        }

        class InferInputTensor {
            constructor(properties?: inference.ModelInferRequest.InferInputTensor.$Properties);
            $unknowns?: Uint8Array[];
            name: string;
            datatype: string;
            shape: (number|Long)[];
            parameters: { [k: string]: inference.InferParameter };
            contents: inference.InferTensorContents;
            static encode(message: inference.ModelInferRequest.InferInputTensor.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): inference.ModelInferRequest.InferInputTensor & inference.ModelInferRequest.InferInputTensor.$Shape;
        }

        namespace InferInputTensor {
            interface $Properties {
                name?: string;
                datatype?: string;
                shape?: (number|Long)[];
                parameters?: { [k: string]: inference.InferParameter.$Properties };
                contents?: inference.InferTensorContents.$Properties;
                $unknowns?: Uint8Array[];
            }
            type $Shape = {
              name?: string;
              datatype?: string;
              shape?: (number|Long)[];
              parameters?: { [k: string]: inference.InferParameter.$Shape };
              contents?: inference.InferTensorContents.$Shape;
              $unknowns?: Uint8Array[];
            };
        }

        interface IInferRequestedOutputTensor extends inference.ModelInferRequest.InferRequestedOutputTensor.$Properties {
        }

        class InferRequestedOutputTensor {
            constructor(properties?: inference.ModelInferRequest.InferRequestedOutputTensor.$Properties);
            $unknowns?: Uint8Array[];
            name: string;
            parameters: { [k: string]: inference.InferParameter };
            static encode(message: inference.ModelInferRequest.InferRequestedOutputTensor.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): inference.ModelInferRequest.InferRequestedOutputTensor & inference.ModelInferRequest.InferRequestedOutputTensor.$Shape;
        }

        namespace InferRequestedOutputTensor {
            interface $Properties {
                name?: string;
                parameters?: { [k: string]: inference.InferParameter.$Properties };
                $unknowns?: Uint8Array[];
            }
            type $Shape = {
              name?: string;
              parameters?: { [k: string]: inference.InferParameter.$Shape };
              $unknowns?: Uint8Array[];
            };
        }
    }

    interface IModelInferResponse extends inference.ModelInferResponse.$Properties {
    }

    class ModelInferResponse {
        constructor(properties?: inference.ModelInferResponse.$Properties);
        $unknowns?: Uint8Array[];
        modelName: string;
        modelVersion: string;
        id: string;
        parameters: { [k: string]: inference.InferParameter };
        outputs: inference.ModelInferResponse.InferOutputTensor[];
        rawOutputContents: Uint8Array[];
        static encode(message: inference.ModelInferResponse.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
        static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): inference.ModelInferResponse & inference.ModelInferResponse.$Shape;
    }

    namespace ModelInferResponse {
        interface $Properties {
            modelName?: string;
            modelVersion?: string;
            id?: string;
            parameters?: { [k: string]: inference.InferParameter.$Properties };
            outputs?: inference.ModelInferResponse.InferOutputTensor.$Properties[];
            rawOutputContents?: Uint8Array[];
            $unknowns?: Uint8Array[];
        }
        type $Shape = {
          modelName?: string;
          modelVersion?: string;
          id?: string;
          parameters?: { [k: string]: inference.InferParameter.$Shape };
          outputs?: inference.ModelInferResponse.InferOutputTensor.$Shape[];
          rawOutputContents?: Uint8Array[];
          $unknowns?: Uint8Array[];
        };

        interface IInferOutputTensor extends inference.ModelInferResponse.InferOutputTensor.$Properties {
        }

        class InferOutputTensor {
            constructor(properties?: inference.ModelInferResponse.InferOutputTensor.$Properties);
            $unknowns?: Uint8Array[];
            name: string;
            datatype: string;
            shape: (number|Long)[];
            parameters: { [k: string]: inference.InferParameter };
            contents: inference.InferTensorContents;
            static encode(message: inference.ModelInferResponse.InferOutputTensor.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): inference.ModelInferResponse.InferOutputTensor & inference.ModelInferResponse.InferOutputTensor.$Shape;
        }

        namespace InferOutputTensor {
            interface $Properties {
                name?: string;
                datatype?: string;
                shape?: (number|Long)[];
                parameters?: { [k: string]: inference.InferParameter.$Properties };
                contents?: inference.InferTensorContents.$Properties;
                $unknowns?: Uint8Array[];
            }
            type $Shape = {
              name?: string;
              datatype?: string;
              shape?: (number|Long)[];
              parameters?: { [k: string]: inference.InferParameter.$Shape };
              contents?: inference.InferTensorContents.$Shape;
              $unknowns?: Uint8Array[];
            };
        }
    }

    interface IModelStreamInferResponse extends inference.ModelStreamInferResponse.$Properties {
    }

    class ModelStreamInferResponse {
        constructor(properties?: inference.ModelStreamInferResponse.$Properties);
        $unknowns?: Uint8Array[];
        errorMessage: string;
        inferResponse: inference.ModelInferResponse;
        static encode(message: inference.ModelStreamInferResponse.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
        static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): inference.ModelStreamInferResponse & inference.ModelStreamInferResponse.$Shape;
    }

    namespace ModelStreamInferResponse {
        interface $Properties {
            errorMessage?: string;
            inferResponse?: inference.ModelInferResponse.$Properties;
            $unknowns?: Uint8Array[];
        }
        type $Shape = {
          errorMessage?: string;
          inferResponse?: inference.ModelInferResponse.$Shape;
          $unknowns?: Uint8Array[];
        };
    }

    interface IModelConfigRequest extends inference.ModelConfigRequest.$Properties {
    }

    class ModelConfigRequest {
        constructor(properties?: inference.ModelConfigRequest.$Properties);
        $unknowns?: Uint8Array[];
        name: string;
        version: string;
        static encode(message: inference.ModelConfigRequest.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
        static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): inference.ModelConfigRequest & inference.ModelConfigRequest.$Shape;
    }

    namespace ModelConfigRequest {
        interface $Properties {
            name?: string;
            version?: string;
            $unknowns?: Uint8Array[];
        }
        type $Shape = inference.ModelConfigRequest.$Properties;
    }

    interface IModelConfigResponse extends inference.ModelConfigResponse.$Properties {
    }

    class ModelConfigResponse {
        constructor(properties?: inference.ModelConfigResponse.$Properties);
        $unknowns?: Uint8Array[];
        config: inference.ModelConfig;
        static encode(message: inference.ModelConfigResponse.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
        static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): inference.ModelConfigResponse & inference.ModelConfigResponse.$Shape;
    }

    namespace ModelConfigResponse {
        interface $Properties {
            config?: inference.ModelConfig.$Properties;
            $unknowns?: Uint8Array[];
        }
        type $Shape = {
          config?: inference.ModelConfig.$Shape;
          $unknowns?: Uint8Array[];
        };
    }

    interface IModelStatisticsRequest extends inference.ModelStatisticsRequest.$Properties {
    }

    class ModelStatisticsRequest {
        constructor(properties?: inference.ModelStatisticsRequest.$Properties);
        $unknowns?: Uint8Array[];
        name: string;
        version: string;
        static encode(message: inference.ModelStatisticsRequest.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
        static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): inference.ModelStatisticsRequest & inference.ModelStatisticsRequest.$Shape;
    }

    namespace ModelStatisticsRequest {
        interface $Properties {
            name?: string;
            version?: string;
            $unknowns?: Uint8Array[];
        }
        type $Shape = inference.ModelStatisticsRequest.$Properties;
    }

    interface IStatisticDuration extends inference.StatisticDuration.$Properties {
    }

    class StatisticDuration {
        constructor(properties?: inference.StatisticDuration.$Properties);
        $unknowns?: Uint8Array[];
        count: (number|Long);
        ns: (number|Long);
        static encode(message: inference.StatisticDuration.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
        static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): inference.StatisticDuration & inference.StatisticDuration.$Shape;
    }

    namespace StatisticDuration {
        interface $Properties {
            count?: (number|Long);
            ns?: (number|Long);
            $unknowns?: Uint8Array[];
        }
        type $Shape = inference.StatisticDuration.$Properties;
    }

    interface IInferStatistics extends inference.InferStatistics.$Properties {
    }

    class InferStatistics {
        constructor(properties?: inference.InferStatistics.$Properties);
        $unknowns?: Uint8Array[];
        success: inference.StatisticDuration;
        fail: inference.StatisticDuration;
        queue: inference.StatisticDuration;
        computeInput: inference.StatisticDuration;
        computeInfer: inference.StatisticDuration;
        computeOutput: inference.StatisticDuration;
        cacheHit: inference.StatisticDuration;
        cacheMiss: inference.StatisticDuration;
        static encode(message: inference.InferStatistics.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
        static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): inference.InferStatistics & inference.InferStatistics.$Shape;
    }

    namespace InferStatistics {
        interface $Properties {
            success?: inference.StatisticDuration.$Properties;
            fail?: inference.StatisticDuration.$Properties;
            queue?: inference.StatisticDuration.$Properties;
            computeInput?: inference.StatisticDuration.$Properties;
            computeInfer?: inference.StatisticDuration.$Properties;
            computeOutput?: inference.StatisticDuration.$Properties;
            cacheHit?: inference.StatisticDuration.$Properties;
            cacheMiss?: inference.StatisticDuration.$Properties;
            $unknowns?: Uint8Array[];
        }
        type $Shape = inference.InferStatistics.$Properties;
    }

    interface IInferResponseStatistics extends inference.InferResponseStatistics.$Properties {
    }

    class InferResponseStatistics {
        constructor(properties?: inference.InferResponseStatistics.$Properties);
        $unknowns?: Uint8Array[];
        computeInfer: inference.StatisticDuration;
        computeOutput: inference.StatisticDuration;
        success: inference.StatisticDuration;
        fail: inference.StatisticDuration;
        emptyResponse: inference.StatisticDuration;
        cancel: inference.StatisticDuration;
        static encode(message: inference.InferResponseStatistics.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
        static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): inference.InferResponseStatistics & inference.InferResponseStatistics.$Shape;
    }

    namespace InferResponseStatistics {
        interface $Properties {
            computeInfer?: inference.StatisticDuration.$Properties;
            computeOutput?: inference.StatisticDuration.$Properties;
            success?: inference.StatisticDuration.$Properties;
            fail?: inference.StatisticDuration.$Properties;
            emptyResponse?: inference.StatisticDuration.$Properties;
            cancel?: inference.StatisticDuration.$Properties;
            $unknowns?: Uint8Array[];
        }
        type $Shape = inference.InferResponseStatistics.$Properties;
    }

    interface IInferBatchStatistics extends inference.InferBatchStatistics.$Properties {
    }

    class InferBatchStatistics {
        constructor(properties?: inference.InferBatchStatistics.$Properties);
        $unknowns?: Uint8Array[];
        batchSize: (number|Long);
        computeInput: inference.StatisticDuration;
        computeInfer: inference.StatisticDuration;
        computeOutput: inference.StatisticDuration;
        static encode(message: inference.InferBatchStatistics.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
        static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): inference.InferBatchStatistics & inference.InferBatchStatistics.$Shape;
    }

    namespace InferBatchStatistics {
        interface $Properties {
            batchSize?: (number|Long);
            computeInput?: inference.StatisticDuration.$Properties;
            computeInfer?: inference.StatisticDuration.$Properties;
            computeOutput?: inference.StatisticDuration.$Properties;
            $unknowns?: Uint8Array[];
        }
        type $Shape = inference.InferBatchStatistics.$Properties;
    }

    interface IMemoryUsage extends inference.MemoryUsage.$Properties {
    }

    class MemoryUsage {
        constructor(properties?: inference.MemoryUsage.$Properties);
        $unknowns?: Uint8Array[];
        type: string;
        id: (number|Long);
        byteSize: (number|Long);
        static encode(message: inference.MemoryUsage.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
        static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): inference.MemoryUsage & inference.MemoryUsage.$Shape;
    }

    namespace MemoryUsage {
        interface $Properties {
            type?: string;
            id?: (number|Long);
            byteSize?: (number|Long);
            $unknowns?: Uint8Array[];
        }
        type $Shape = inference.MemoryUsage.$Properties;
    }

    interface IModelStatistics extends inference.ModelStatistics.$Properties {
    }

    class ModelStatistics {
        constructor(properties?: inference.ModelStatistics.$Properties);
        $unknowns?: Uint8Array[];
        name: string;
        version: string;
        lastInference: (number|Long);
        inferenceCount: (number|Long);
        executionCount: (number|Long);
        inferenceStats: inference.InferStatistics;
        batchStats: inference.InferBatchStatistics[];
        memoryUsage: inference.MemoryUsage[];
        responseStats: { [k: string]: inference.InferResponseStatistics };
        static encode(message: inference.ModelStatistics.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
        static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): inference.ModelStatistics & inference.ModelStatistics.$Shape;
    }

    namespace ModelStatistics {
        interface $Properties {
            name?: string;
            version?: string;
            lastInference?: (number|Long);
            inferenceCount?: (number|Long);
            executionCount?: (number|Long);
            inferenceStats?: inference.InferStatistics.$Properties;
            batchStats?: inference.InferBatchStatistics.$Properties[];
            memoryUsage?: inference.MemoryUsage.$Properties[];
            responseStats?: { [k: string]: inference.InferResponseStatistics.$Properties };
            $unknowns?: Uint8Array[];
        }
        type $Shape = inference.ModelStatistics.$Properties;
    }

    interface IModelStatisticsResponse extends inference.ModelStatisticsResponse.$Properties {
    }

    class ModelStatisticsResponse {
        constructor(properties?: inference.ModelStatisticsResponse.$Properties);
        $unknowns?: Uint8Array[];
        modelStats: inference.ModelStatistics[];
        static encode(message: inference.ModelStatisticsResponse.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
        static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): inference.ModelStatisticsResponse & inference.ModelStatisticsResponse.$Shape;
    }

    namespace ModelStatisticsResponse {
        interface $Properties {
            modelStats?: inference.ModelStatistics.$Properties[];
            $unknowns?: Uint8Array[];
        }
        type $Shape = inference.ModelStatisticsResponse.$Properties;
    }

    interface IModelRepositoryParameter extends inference.ModelRepositoryParameter.$Properties {
    }

    class ModelRepositoryParameter {
        constructor(properties?: inference.ModelRepositoryParameter.$Properties);
        $unknowns?: Uint8Array[];
        boolParam: (boolean|null);
        int64Param: (number|Long|null);
        stringParam: (string|null);
        bytesParam: (Uint8Array|null);
        parameterChoice?: ("boolParam"|"int64Param"|"stringParam"|"bytesParam");
        static encode(message: inference.ModelRepositoryParameter.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
        static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): inference.ModelRepositoryParameter & inference.ModelRepositoryParameter.$Shape;
    }

    namespace ModelRepositoryParameter {
        interface $Properties {
            boolParam?: (boolean|null);
            int64Param?: (number|Long|null);
            stringParam?: (string|null);
            bytesParam?: (Uint8Array|null);
            parameterChoice?: ("boolParam"|"int64Param"|"stringParam"|"bytesParam");
            $unknowns?: Uint8Array[];
        }
        type $Shape = {
          boolParam?: boolean|null;
          int64Param?: number|Long|null;
          stringParam?: string|null;
          bytesParam?: Uint8Array|null;
          $unknowns?: Uint8Array[];
        } & (
          ({ parameterChoice?: undefined; boolParam?: null; int64Param?: null; stringParam?: null; bytesParam?: null }|{ parameterChoice?: "boolParam"; boolParam: boolean; int64Param?: null; stringParam?: null; bytesParam?: null }|{ parameterChoice?: "int64Param"; boolParam?: null; int64Param: number|Long; stringParam?: null; bytesParam?: null }|{ parameterChoice?: "stringParam"; boolParam?: null; int64Param?: null; stringParam: string; bytesParam?: null }|{ parameterChoice?: "bytesParam"; boolParam?: null; int64Param?: null; stringParam?: null; bytesParam: Uint8Array })
        );
    }

    interface IRepositoryIndexRequest extends inference.RepositoryIndexRequest.$Properties {
    }

    class RepositoryIndexRequest {
        constructor(properties?: inference.RepositoryIndexRequest.$Properties);
        $unknowns?: Uint8Array[];
        repositoryName: string;
        ready: boolean;
        static encode(message: inference.RepositoryIndexRequest.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
        static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): inference.RepositoryIndexRequest & inference.RepositoryIndexRequest.$Shape;
    }

    namespace RepositoryIndexRequest {
        interface $Properties {
            repositoryName?: string;
            ready?: boolean;
            $unknowns?: Uint8Array[];
        }
        type $Shape = inference.RepositoryIndexRequest.$Properties;
    }

    interface IRepositoryIndexResponse extends inference.RepositoryIndexResponse.$Properties {
    }

    class RepositoryIndexResponse {
        constructor(properties?: inference.RepositoryIndexResponse.$Properties);
        $unknowns?: Uint8Array[];
        models: inference.RepositoryIndexResponse.ModelIndex[];
        static encode(message: inference.RepositoryIndexResponse.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
        static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): inference.RepositoryIndexResponse & inference.RepositoryIndexResponse.$Shape;
    }

    namespace RepositoryIndexResponse {
        interface $Properties {
            models?: inference.RepositoryIndexResponse.ModelIndex.$Properties[];
            $unknowns?: Uint8Array[];
        }
        type $Shape = inference.RepositoryIndexResponse.$Properties;

        interface IModelIndex extends inference.RepositoryIndexResponse.ModelIndex.$Properties {
        }

        class ModelIndex {
            constructor(properties?: inference.RepositoryIndexResponse.ModelIndex.$Properties);
            $unknowns?: Uint8Array[];
            name: string;
            version: string;
            state: string;
            reason: string;
            static encode(message: inference.RepositoryIndexResponse.ModelIndex.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): inference.RepositoryIndexResponse.ModelIndex & inference.RepositoryIndexResponse.ModelIndex.$Shape;
        }

        namespace ModelIndex {
            interface $Properties {
                name?: string;
                version?: string;
                state?: string;
                reason?: string;
                $unknowns?: Uint8Array[];
            }
            type $Shape = inference.RepositoryIndexResponse.ModelIndex.$Properties;
        }
    }

    interface IRepositoryModelLoadRequest extends inference.RepositoryModelLoadRequest.$Properties {
    }

    class RepositoryModelLoadRequest {
        constructor(properties?: inference.RepositoryModelLoadRequest.$Properties);
        $unknowns?: Uint8Array[];
        repositoryName: string;
        modelName: string;
        parameters: { [k: string]: inference.ModelRepositoryParameter };
        static encode(message: inference.RepositoryModelLoadRequest.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
        static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): inference.RepositoryModelLoadRequest & inference.RepositoryModelLoadRequest.$Shape;
    }

    namespace RepositoryModelLoadRequest {
        interface $Properties {
            repositoryName?: string;
            modelName?: string;
            parameters?: { [k: string]: inference.ModelRepositoryParameter.$Properties };
            $unknowns?: Uint8Array[];
        }
        type $Shape = {
          repositoryName?: string;
          modelName?: string;
          parameters?: { [k: string]: inference.ModelRepositoryParameter.$Shape };
          $unknowns?: Uint8Array[];
        };
    }

    interface IRepositoryModelLoadResponse extends inference.RepositoryModelLoadResponse.$Properties {
    }

    class RepositoryModelLoadResponse {
        constructor(properties?: inference.RepositoryModelLoadResponse.$Properties);
        $unknowns?: Uint8Array[];
        static encode(message: inference.RepositoryModelLoadResponse.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
        static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): inference.RepositoryModelLoadResponse & inference.RepositoryModelLoadResponse.$Shape;
    }

    namespace RepositoryModelLoadResponse {
        interface $Properties {
            $unknowns?: Uint8Array[];
        }
        type $Shape = inference.RepositoryModelLoadResponse.$Properties;
    }

    interface IRepositoryModelUnloadRequest extends inference.RepositoryModelUnloadRequest.$Properties {
    }

    class RepositoryModelUnloadRequest {
        constructor(properties?: inference.RepositoryModelUnloadRequest.$Properties);
        $unknowns?: Uint8Array[];
        repositoryName: string;
        modelName: string;
        parameters: { [k: string]: inference.ModelRepositoryParameter };
        static encode(message: inference.RepositoryModelUnloadRequest.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
        static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): inference.RepositoryModelUnloadRequest & inference.RepositoryModelUnloadRequest.$Shape;
    }

    namespace RepositoryModelUnloadRequest {
        interface $Properties {
            repositoryName?: string;
            modelName?: string;
            parameters?: { [k: string]: inference.ModelRepositoryParameter.$Properties };
            $unknowns?: Uint8Array[];
        }
        type $Shape = {
          repositoryName?: string;
          modelName?: string;
          parameters?: { [k: string]: inference.ModelRepositoryParameter.$Shape };
          $unknowns?: Uint8Array[];
        };
    }

    interface IRepositoryModelUnloadResponse extends inference.RepositoryModelUnloadResponse.$Properties {
    }

    class RepositoryModelUnloadResponse {
        constructor(properties?: inference.RepositoryModelUnloadResponse.$Properties);
        $unknowns?: Uint8Array[];
        static encode(message: inference.RepositoryModelUnloadResponse.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
        static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): inference.RepositoryModelUnloadResponse & inference.RepositoryModelUnloadResponse.$Shape;
    }

    namespace RepositoryModelUnloadResponse {
        interface $Properties {
            $unknowns?: Uint8Array[];
        }
        type $Shape = inference.RepositoryModelUnloadResponse.$Properties;
    }

    interface ISystemSharedMemoryStatusRequest extends inference.SystemSharedMemoryStatusRequest.$Properties {
    }

    class SystemSharedMemoryStatusRequest {
        constructor(properties?: inference.SystemSharedMemoryStatusRequest.$Properties);
        $unknowns?: Uint8Array[];
        name: string;
        static encode(message: inference.SystemSharedMemoryStatusRequest.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
        static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): inference.SystemSharedMemoryStatusRequest & inference.SystemSharedMemoryStatusRequest.$Shape;
    }

    namespace SystemSharedMemoryStatusRequest {
        interface $Properties {
            name?: string;
            $unknowns?: Uint8Array[];
        }
        type $Shape = inference.SystemSharedMemoryStatusRequest.$Properties;
    }

    interface ISystemSharedMemoryStatusResponse extends inference.SystemSharedMemoryStatusResponse.$Properties {
    }

    class SystemSharedMemoryStatusResponse {
        constructor(properties?: inference.SystemSharedMemoryStatusResponse.$Properties);
        $unknowns?: Uint8Array[];
        regions: { [k: string]: inference.SystemSharedMemoryStatusResponse.RegionStatus };
        static encode(message: inference.SystemSharedMemoryStatusResponse.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
        static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): inference.SystemSharedMemoryStatusResponse & inference.SystemSharedMemoryStatusResponse.$Shape;
    }

    namespace SystemSharedMemoryStatusResponse {
        interface $Properties {
            regions?: { [k: string]: inference.SystemSharedMemoryStatusResponse.RegionStatus.$Properties };
            $unknowns?: Uint8Array[];
        }
        type $Shape = inference.SystemSharedMemoryStatusResponse.$Properties;

        interface IRegionStatus extends inference.SystemSharedMemoryStatusResponse.RegionStatus.$Properties {
        }

        class RegionStatus {
            constructor(properties?: inference.SystemSharedMemoryStatusResponse.RegionStatus.$Properties);
            $unknowns?: Uint8Array[];
            name: string;
            key: string;
            offset: (number|Long);
            byteSize: (number|Long);
            static encode(message: inference.SystemSharedMemoryStatusResponse.RegionStatus.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): inference.SystemSharedMemoryStatusResponse.RegionStatus & inference.SystemSharedMemoryStatusResponse.RegionStatus.$Shape;
        }

        namespace RegionStatus {
            interface $Properties {
                name?: string;
                key?: string;
                offset?: (number|Long);
                byteSize?: (number|Long);
                $unknowns?: Uint8Array[];
            }
            type $Shape = inference.SystemSharedMemoryStatusResponse.RegionStatus.$Properties;
        }
    }

    interface ISystemSharedMemoryRegisterRequest extends inference.SystemSharedMemoryRegisterRequest.$Properties {
    }

    class SystemSharedMemoryRegisterRequest {
        constructor(properties?: inference.SystemSharedMemoryRegisterRequest.$Properties);
        $unknowns?: Uint8Array[];
        name: string;
        key: string;
        offset: (number|Long);
        byteSize: (number|Long);
        static encode(message: inference.SystemSharedMemoryRegisterRequest.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
        static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): inference.SystemSharedMemoryRegisterRequest & inference.SystemSharedMemoryRegisterRequest.$Shape;
    }

    namespace SystemSharedMemoryRegisterRequest {
        interface $Properties {
            name?: string;
            key?: string;
            offset?: (number|Long);
            byteSize?: (number|Long);
            $unknowns?: Uint8Array[];
        }
        type $Shape = inference.SystemSharedMemoryRegisterRequest.$Properties;
    }

    interface ISystemSharedMemoryRegisterResponse extends inference.SystemSharedMemoryRegisterResponse.$Properties {
    }

    class SystemSharedMemoryRegisterResponse {
        constructor(properties?: inference.SystemSharedMemoryRegisterResponse.$Properties);
        $unknowns?: Uint8Array[];
        static encode(message: inference.SystemSharedMemoryRegisterResponse.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
        static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): inference.SystemSharedMemoryRegisterResponse & inference.SystemSharedMemoryRegisterResponse.$Shape;
    }

    namespace SystemSharedMemoryRegisterResponse {
        interface $Properties {
            $unknowns?: Uint8Array[];
        }
        type $Shape = inference.SystemSharedMemoryRegisterResponse.$Properties;
    }

    interface ISystemSharedMemoryUnregisterRequest extends inference.SystemSharedMemoryUnregisterRequest.$Properties {
    }

    class SystemSharedMemoryUnregisterRequest {
        constructor(properties?: inference.SystemSharedMemoryUnregisterRequest.$Properties);
        $unknowns?: Uint8Array[];
        name: string;
        static encode(message: inference.SystemSharedMemoryUnregisterRequest.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
        static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): inference.SystemSharedMemoryUnregisterRequest & inference.SystemSharedMemoryUnregisterRequest.$Shape;
    }

    namespace SystemSharedMemoryUnregisterRequest {
        interface $Properties {
            name?: string;
            $unknowns?: Uint8Array[];
        }
        type $Shape = inference.SystemSharedMemoryUnregisterRequest.$Properties;
    }

    interface ISystemSharedMemoryUnregisterResponse extends inference.SystemSharedMemoryUnregisterResponse.$Properties {
    }

    class SystemSharedMemoryUnregisterResponse {
        constructor(properties?: inference.SystemSharedMemoryUnregisterResponse.$Properties);
        $unknowns?: Uint8Array[];
        static encode(message: inference.SystemSharedMemoryUnregisterResponse.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
        static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): inference.SystemSharedMemoryUnregisterResponse & inference.SystemSharedMemoryUnregisterResponse.$Shape;
    }

    namespace SystemSharedMemoryUnregisterResponse {
        interface $Properties {
            $unknowns?: Uint8Array[];
        }
        type $Shape = inference.SystemSharedMemoryUnregisterResponse.$Properties;
    }

    interface ICudaSharedMemoryStatusRequest extends inference.CudaSharedMemoryStatusRequest.$Properties {
    }

    class CudaSharedMemoryStatusRequest {
        constructor(properties?: inference.CudaSharedMemoryStatusRequest.$Properties);
        $unknowns?: Uint8Array[];
        name: string;
        static encode(message: inference.CudaSharedMemoryStatusRequest.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
        static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): inference.CudaSharedMemoryStatusRequest & inference.CudaSharedMemoryStatusRequest.$Shape;
    }

    namespace CudaSharedMemoryStatusRequest {
        interface $Properties {
            name?: string;
            $unknowns?: Uint8Array[];
        }
        type $Shape = inference.CudaSharedMemoryStatusRequest.$Properties;
    }

    interface ICudaSharedMemoryStatusResponse extends inference.CudaSharedMemoryStatusResponse.$Properties {
    }

    class CudaSharedMemoryStatusResponse {
        constructor(properties?: inference.CudaSharedMemoryStatusResponse.$Properties);
        $unknowns?: Uint8Array[];
        regions: { [k: string]: inference.CudaSharedMemoryStatusResponse.RegionStatus };
        static encode(message: inference.CudaSharedMemoryStatusResponse.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
        static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): inference.CudaSharedMemoryStatusResponse & inference.CudaSharedMemoryStatusResponse.$Shape;
    }

    namespace CudaSharedMemoryStatusResponse {
        interface $Properties {
            regions?: { [k: string]: inference.CudaSharedMemoryStatusResponse.RegionStatus.$Properties };
            $unknowns?: Uint8Array[];
        }
        type $Shape = inference.CudaSharedMemoryStatusResponse.$Properties;

        interface IRegionStatus extends inference.CudaSharedMemoryStatusResponse.RegionStatus.$Properties {
        }

        class RegionStatus {
            constructor(properties?: inference.CudaSharedMemoryStatusResponse.RegionStatus.$Properties);
            $unknowns?: Uint8Array[];
            name: string;
            deviceId: (number|Long);
            byteSize: (number|Long);
            static encode(message: inference.CudaSharedMemoryStatusResponse.RegionStatus.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): inference.CudaSharedMemoryStatusResponse.RegionStatus & inference.CudaSharedMemoryStatusResponse.RegionStatus.$Shape;
        }

        namespace RegionStatus {
            interface $Properties {
                name?: string;
                deviceId?: (number|Long);
                byteSize?: (number|Long);
                $unknowns?: Uint8Array[];
            }
            type $Shape = inference.CudaSharedMemoryStatusResponse.RegionStatus.$Properties;
        }
    }

    interface ICudaSharedMemoryRegisterRequest extends inference.CudaSharedMemoryRegisterRequest.$Properties {
    }

    class CudaSharedMemoryRegisterRequest {
        constructor(properties?: inference.CudaSharedMemoryRegisterRequest.$Properties);
        $unknowns?: Uint8Array[];
        name: string;
        rawHandle: Uint8Array;
        deviceId: (number|Long);
        byteSize: (number|Long);
        static encode(message: inference.CudaSharedMemoryRegisterRequest.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
        static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): inference.CudaSharedMemoryRegisterRequest & inference.CudaSharedMemoryRegisterRequest.$Shape;
    }

    namespace CudaSharedMemoryRegisterRequest {
        interface $Properties {
            name?: string;
            rawHandle?: Uint8Array;
            deviceId?: (number|Long);
            byteSize?: (number|Long);
            $unknowns?: Uint8Array[];
        }
        type $Shape = inference.CudaSharedMemoryRegisterRequest.$Properties;
    }

    interface ICudaSharedMemoryRegisterResponse extends inference.CudaSharedMemoryRegisterResponse.$Properties {
    }

    class CudaSharedMemoryRegisterResponse {
        constructor(properties?: inference.CudaSharedMemoryRegisterResponse.$Properties);
        $unknowns?: Uint8Array[];
        static encode(message: inference.CudaSharedMemoryRegisterResponse.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
        static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): inference.CudaSharedMemoryRegisterResponse & inference.CudaSharedMemoryRegisterResponse.$Shape;
    }

    namespace CudaSharedMemoryRegisterResponse {
        interface $Properties {
            $unknowns?: Uint8Array[];
        }
        type $Shape = inference.CudaSharedMemoryRegisterResponse.$Properties;
    }

    interface ICudaSharedMemoryUnregisterRequest extends inference.CudaSharedMemoryUnregisterRequest.$Properties {
    }

    class CudaSharedMemoryUnregisterRequest {
        constructor(properties?: inference.CudaSharedMemoryUnregisterRequest.$Properties);
        $unknowns?: Uint8Array[];
        name: string;
        static encode(message: inference.CudaSharedMemoryUnregisterRequest.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
        static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): inference.CudaSharedMemoryUnregisterRequest & inference.CudaSharedMemoryUnregisterRequest.$Shape;
    }

    namespace CudaSharedMemoryUnregisterRequest {
        interface $Properties {
            name?: string;
            $unknowns?: Uint8Array[];
        }
        type $Shape = inference.CudaSharedMemoryUnregisterRequest.$Properties;
    }

    interface ICudaSharedMemoryUnregisterResponse extends inference.CudaSharedMemoryUnregisterResponse.$Properties {
    }

    class CudaSharedMemoryUnregisterResponse {
        constructor(properties?: inference.CudaSharedMemoryUnregisterResponse.$Properties);
        $unknowns?: Uint8Array[];
        static encode(message: inference.CudaSharedMemoryUnregisterResponse.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
        static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): inference.CudaSharedMemoryUnregisterResponse & inference.CudaSharedMemoryUnregisterResponse.$Shape;
    }

    namespace CudaSharedMemoryUnregisterResponse {
        interface $Properties {
            $unknowns?: Uint8Array[];
        }
        type $Shape = inference.CudaSharedMemoryUnregisterResponse.$Properties;
    }

    interface ITraceSettingRequest extends inference.TraceSettingRequest.$Properties {
    }

    class TraceSettingRequest {
        constructor(properties?: inference.TraceSettingRequest.$Properties);
        $unknowns?: Uint8Array[];
        settings: { [k: string]: inference.TraceSettingRequest.SettingValue };
        modelName: string;
        static encode(message: inference.TraceSettingRequest.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
        static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): inference.TraceSettingRequest & inference.TraceSettingRequest.$Shape;
    }

    namespace TraceSettingRequest {
        interface $Properties {
            settings?: { [k: string]: inference.TraceSettingRequest.SettingValue.$Properties };
            modelName?: string;
            $unknowns?: Uint8Array[];
        }
        type $Shape = inference.TraceSettingRequest.$Properties;

        interface ISettingValue extends inference.TraceSettingRequest.SettingValue.$Properties {
        }

        class SettingValue {
            constructor(properties?: inference.TraceSettingRequest.SettingValue.$Properties);
            $unknowns?: Uint8Array[];
            value: string[];
            static encode(message: inference.TraceSettingRequest.SettingValue.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): inference.TraceSettingRequest.SettingValue & inference.TraceSettingRequest.SettingValue.$Shape;
        }

        namespace SettingValue {
            interface $Properties {
                value?: string[];
                $unknowns?: Uint8Array[];
            }
            type $Shape = inference.TraceSettingRequest.SettingValue.$Properties;
        }
    }

    interface ITraceSettingResponse extends inference.TraceSettingResponse.$Properties {
    }

    class TraceSettingResponse {
        constructor(properties?: inference.TraceSettingResponse.$Properties);
        $unknowns?: Uint8Array[];
        settings: { [k: string]: inference.TraceSettingResponse.SettingValue };
        static encode(message: inference.TraceSettingResponse.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
        static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): inference.TraceSettingResponse & inference.TraceSettingResponse.$Shape;
    }

    namespace TraceSettingResponse {
        interface $Properties {
            settings?: { [k: string]: inference.TraceSettingResponse.SettingValue.$Properties };
            $unknowns?: Uint8Array[];
        }
        type $Shape = inference.TraceSettingResponse.$Properties;

        interface ISettingValue extends inference.TraceSettingResponse.SettingValue.$Properties {
        }

        class SettingValue {
            constructor(properties?: inference.TraceSettingResponse.SettingValue.$Properties);
            $unknowns?: Uint8Array[];
            value: string[];
            static encode(message: inference.TraceSettingResponse.SettingValue.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): inference.TraceSettingResponse.SettingValue & inference.TraceSettingResponse.SettingValue.$Shape;
        }

        namespace SettingValue {
            interface $Properties {
                value?: string[];
                $unknowns?: Uint8Array[];
            }
            type $Shape = inference.TraceSettingResponse.SettingValue.$Properties;
        }
    }

    interface ILogSettingsRequest extends inference.LogSettingsRequest.$Properties {
    }

    class LogSettingsRequest {
        constructor(properties?: inference.LogSettingsRequest.$Properties);
        $unknowns?: Uint8Array[];
        settings: { [k: string]: inference.LogSettingsRequest.SettingValue };
        static encode(message: inference.LogSettingsRequest.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
        static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): inference.LogSettingsRequest & inference.LogSettingsRequest.$Shape;
    }

    namespace LogSettingsRequest {
        interface $Properties {
            settings?: { [k: string]: inference.LogSettingsRequest.SettingValue.$Properties };
            $unknowns?: Uint8Array[];
        }
        type $Shape = {
          settings?: { [k: string]: inference.LogSettingsRequest.SettingValue.$Shape };
          $unknowns?: Uint8Array[];
        };

        interface ISettingValue extends inference.LogSettingsRequest.SettingValue.$Properties {
        }

        class SettingValue {
            constructor(properties?: inference.LogSettingsRequest.SettingValue.$Properties);
            $unknowns?: Uint8Array[];
            boolParam: (boolean|null);
            uint32Param: (number|null);
            stringParam: (string|null);
            parameterChoice?: ("boolParam"|"uint32Param"|"stringParam");
            static encode(message: inference.LogSettingsRequest.SettingValue.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): inference.LogSettingsRequest.SettingValue & inference.LogSettingsRequest.SettingValue.$Shape;
        }

        namespace SettingValue {
            interface $Properties {
                boolParam?: (boolean|null);
                uint32Param?: (number|null);
                stringParam?: (string|null);
                parameterChoice?: ("boolParam"|"uint32Param"|"stringParam");
                $unknowns?: Uint8Array[];
            }
            type $Shape = {
              boolParam?: boolean|null;
              uint32Param?: number|null;
              stringParam?: string|null;
              $unknowns?: Uint8Array[];
            } & (
              ({ parameterChoice?: undefined; boolParam?: null; uint32Param?: null; stringParam?: null }|{ parameterChoice?: "boolParam"; boolParam: boolean; uint32Param?: null; stringParam?: null }|{ parameterChoice?: "uint32Param"; boolParam?: null; uint32Param: number; stringParam?: null }|{ parameterChoice?: "stringParam"; boolParam?: null; uint32Param?: null; stringParam: string })
            );
        }
    }

    interface ILogSettingsResponse extends inference.LogSettingsResponse.$Properties {
    }

    class LogSettingsResponse {
        constructor(properties?: inference.LogSettingsResponse.$Properties);
        $unknowns?: Uint8Array[];
        settings: { [k: string]: inference.LogSettingsResponse.SettingValue };
        static encode(message: inference.LogSettingsResponse.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
        static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): inference.LogSettingsResponse & inference.LogSettingsResponse.$Shape;
    }

    namespace LogSettingsResponse {
        interface $Properties {
            settings?: { [k: string]: inference.LogSettingsResponse.SettingValue.$Properties };
            $unknowns?: Uint8Array[];
        }
        type $Shape = {
          settings?: { [k: string]: inference.LogSettingsResponse.SettingValue.$Shape };
          $unknowns?: Uint8Array[];
        };

        interface ISettingValue extends inference.LogSettingsResponse.SettingValue.$Properties {
        }

        class SettingValue {
            constructor(properties?: inference.LogSettingsResponse.SettingValue.$Properties);
            $unknowns?: Uint8Array[];
            boolParam: (boolean|null);
            uint32Param: (number|null);
            stringParam: (string|null);
            parameterChoice?: ("boolParam"|"uint32Param"|"stringParam");
            static encode(message: inference.LogSettingsResponse.SettingValue.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): inference.LogSettingsResponse.SettingValue & inference.LogSettingsResponse.SettingValue.$Shape;
        }

        namespace SettingValue {
            interface $Properties {
                boolParam?: (boolean|null);
                uint32Param?: (number|null);
                stringParam?: (string|null);
                parameterChoice?: ("boolParam"|"uint32Param"|"stringParam");
                $unknowns?: Uint8Array[];
            }
            type $Shape = {
              boolParam?: boolean|null;
              uint32Param?: number|null;
              stringParam?: string|null;
              $unknowns?: Uint8Array[];
            } & (
              ({ parameterChoice?: undefined; boolParam?: null; uint32Param?: null; stringParam?: null }|{ parameterChoice?: "boolParam"; boolParam: boolean; uint32Param?: null; stringParam?: null }|{ parameterChoice?: "uint32Param"; boolParam?: null; uint32Param: number; stringParam?: null }|{ parameterChoice?: "stringParam"; boolParam?: null; uint32Param?: null; stringParam: string })
            );
        }
    }

    enum DataType {
        TYPE_INVALID = 0,
        TYPE_BOOL = 1,
        TYPE_UINT8 = 2,
        TYPE_UINT16 = 3,
        TYPE_UINT32 = 4,
        TYPE_UINT64 = 5,
        TYPE_INT8 = 6,
        TYPE_INT16 = 7,
        TYPE_INT32 = 8,
        TYPE_INT64 = 9,
        TYPE_FP16 = 10,
        TYPE_FP32 = 11,
        TYPE_FP64 = 12,
        TYPE_STRING = 13,
        TYPE_BF16 = 14
    }

    interface IModelRateLimiter extends inference.ModelRateLimiter.$Properties {
    }

    class ModelRateLimiter {
        constructor(properties?: inference.ModelRateLimiter.$Properties);
        $unknowns?: Uint8Array[];
        resources: inference.ModelRateLimiter.Resource[];
        priority: number;
        static encode(message: inference.ModelRateLimiter.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
        static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): inference.ModelRateLimiter & inference.ModelRateLimiter.$Shape;
    }

    namespace ModelRateLimiter {
        interface $Properties {
            resources?: inference.ModelRateLimiter.Resource.$Properties[];
            priority?: number;
            $unknowns?: Uint8Array[];
        }
        type $Shape = inference.ModelRateLimiter.$Properties;

        interface IResource extends inference.ModelRateLimiter.Resource.$Properties {
        }

        class Resource {
            constructor(properties?: inference.ModelRateLimiter.Resource.$Properties);
            $unknowns?: Uint8Array[];
            name: string;
            global: boolean;
            count: number;
            static encode(message: inference.ModelRateLimiter.Resource.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): inference.ModelRateLimiter.Resource & inference.ModelRateLimiter.Resource.$Shape;
        }

        namespace Resource {
            interface $Properties {
                name?: string;
                global?: boolean;
                count?: number;
                $unknowns?: Uint8Array[];
            }
            type $Shape = inference.ModelRateLimiter.Resource.$Properties;
        }
    }

    interface IModelInstanceGroup extends inference.ModelInstanceGroup.$Properties {
    }

    class ModelInstanceGroup {
        constructor(properties?: inference.ModelInstanceGroup.$Properties);
        $unknowns?: Uint8Array[];
        name: string;
        count: number;
        gpus: number[];
        kind: inference.ModelInstanceGroup.Kind;
        profile: string[];
        rateLimiter: inference.ModelRateLimiter;
        passive: boolean;
        secondaryDevices: inference.ModelInstanceGroup.SecondaryDevice[];
        hostPolicy: string;
        static encode(message: inference.ModelInstanceGroup.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
        static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): inference.ModelInstanceGroup & inference.ModelInstanceGroup.$Shape;
    }

    namespace ModelInstanceGroup {
        interface $Properties {
            name?: string;
            count?: number;
            gpus?: number[];
            kind?: inference.ModelInstanceGroup.Kind;
            profile?: string[];
            rateLimiter?: inference.ModelRateLimiter.$Properties;
            passive?: boolean;
            secondaryDevices?: inference.ModelInstanceGroup.SecondaryDevice.$Properties[];
            hostPolicy?: string;
            $unknowns?: Uint8Array[];
        }
        type $Shape = inference.ModelInstanceGroup.$Properties;

        enum Kind {
            KIND_AUTO = 0,
            KIND_GPU = 1,
            KIND_CPU = 2,
            KIND_MODEL = 3
        }

        interface ISecondaryDevice extends inference.ModelInstanceGroup.SecondaryDevice.$Properties {
        }

        class SecondaryDevice {
            constructor(properties?: inference.ModelInstanceGroup.SecondaryDevice.$Properties);
            $unknowns?: Uint8Array[];
            kind: inference.ModelInstanceGroup.SecondaryDevice.SecondaryDeviceKind;
            deviceId: (number|Long);
            static encode(message: inference.ModelInstanceGroup.SecondaryDevice.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): inference.ModelInstanceGroup.SecondaryDevice & inference.ModelInstanceGroup.SecondaryDevice.$Shape;
        }

        namespace SecondaryDevice {
            interface $Properties {
                kind?: inference.ModelInstanceGroup.SecondaryDevice.SecondaryDeviceKind;
                deviceId?: (number|Long);
                $unknowns?: Uint8Array[];
            }
            type $Shape = inference.ModelInstanceGroup.SecondaryDevice.$Properties;

            enum SecondaryDeviceKind {
                KIND_NVDLA = 0
            }
        }
    }

    interface IModelTensorReshape extends inference.ModelTensorReshape.$Properties {
    }

    class ModelTensorReshape {
        constructor(properties?: inference.ModelTensorReshape.$Properties);
        $unknowns?: Uint8Array[];
        shape: (number|Long)[];
        static encode(message: inference.ModelTensorReshape.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
        static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): inference.ModelTensorReshape & inference.ModelTensorReshape.$Shape;
    }

    namespace ModelTensorReshape {
        interface $Properties {
            shape?: (number|Long)[];
            $unknowns?: Uint8Array[];
        }
        type $Shape = inference.ModelTensorReshape.$Properties;
    }

    interface IModelInput extends inference.ModelInput.$Properties {
    }

    class ModelInput {
        constructor(properties?: inference.ModelInput.$Properties);
        $unknowns?: Uint8Array[];
        name: string;
        dataType: inference.DataType;
        format: inference.ModelInput.Format;
        dims: (number|Long)[];
        reshape: inference.ModelTensorReshape;
        isShapeTensor: boolean;
        allowRaggedBatch: boolean;
        optional: boolean;
        isNonLinearFormatIo: boolean;
        static encode(message: inference.ModelInput.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
        static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): inference.ModelInput & inference.ModelInput.$Shape;
    }

    namespace ModelInput {
        interface $Properties {
            name?: string;
            dataType?: inference.DataType;
            format?: inference.ModelInput.Format;
            dims?: (number|Long)[];
            reshape?: inference.ModelTensorReshape.$Properties;
            isShapeTensor?: boolean;
            allowRaggedBatch?: boolean;
            optional?: boolean;
            isNonLinearFormatIo?: boolean;
            $unknowns?: Uint8Array[];
        }
        type $Shape = inference.ModelInput.$Properties;

        enum Format {
            FORMAT_NONE = 0,
            FORMAT_NHWC = 1,
            FORMAT_NCHW = 2
        }
    }

    interface IModelOutput extends inference.ModelOutput.$Properties {
    }

    class ModelOutput {
        constructor(properties?: inference.ModelOutput.$Properties);
        $unknowns?: Uint8Array[];
        name: string;
        dataType: inference.DataType;
        dims: (number|Long)[];
        labelFilename: string;
        reshape: inference.ModelTensorReshape;
        isShapeTensor: boolean;
        isNonLinearFormatIo: boolean;
        static encode(message: inference.ModelOutput.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
        static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): inference.ModelOutput & inference.ModelOutput.$Shape;
    }

    namespace ModelOutput {
        interface $Properties {
            name?: string;
            dataType?: inference.DataType;
            dims?: (number|Long)[];
            labelFilename?: string;
            reshape?: inference.ModelTensorReshape.$Properties;
            isShapeTensor?: boolean;
            isNonLinearFormatIo?: boolean;
            $unknowns?: Uint8Array[];
        }
        type $Shape = inference.ModelOutput.$Properties;
    }

    interface IBatchInput extends inference.BatchInput.$Properties {
    }

    class BatchInput {
        constructor(properties?: inference.BatchInput.$Properties);
        $unknowns?: Uint8Array[];
        kind: inference.BatchInput.Kind;
        targetName: string[];
        dataType: inference.DataType;
        sourceInput: string[];
        static encode(message: inference.BatchInput.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
        static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): inference.BatchInput & inference.BatchInput.$Shape;
    }

    namespace BatchInput {
        interface $Properties {
            kind?: inference.BatchInput.Kind;
            targetName?: string[];
            dataType?: inference.DataType;
            sourceInput?: string[];
            $unknowns?: Uint8Array[];
        }
        type $Shape = inference.BatchInput.$Properties;

        enum Kind {
            BATCH_ELEMENT_COUNT = 0,
            BATCH_ACCUMULATED_ELEMENT_COUNT = 1,
            BATCH_ACCUMULATED_ELEMENT_COUNT_WITH_ZERO = 2,
            BATCH_MAX_ELEMENT_COUNT_AS_SHAPE = 3,
            BATCH_ITEM_SHAPE = 4,
            BATCH_ITEM_SHAPE_FLATTEN = 5
        }
    }

    interface IBatchOutput extends inference.BatchOutput.$Properties {
    }

    class BatchOutput {
        constructor(properties?: inference.BatchOutput.$Properties);
        $unknowns?: Uint8Array[];
        targetName: string[];
        kind: inference.BatchOutput.Kind;
        sourceInput: string[];
        static encode(message: inference.BatchOutput.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
        static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): inference.BatchOutput & inference.BatchOutput.$Shape;
    }

    namespace BatchOutput {
        interface $Properties {
            targetName?: string[];
            kind?: inference.BatchOutput.Kind;
            sourceInput?: string[];
            $unknowns?: Uint8Array[];
        }
        type $Shape = inference.BatchOutput.$Properties;

        enum Kind {
            BATCH_SCATTER_WITH_INPUT_SHAPE = 0
        }
    }

    interface IModelVersionPolicy extends inference.ModelVersionPolicy.$Properties {
    }

    class ModelVersionPolicy {
        constructor(properties?: inference.ModelVersionPolicy.$Properties);
        $unknowns?: Uint8Array[];
        latest: (inference.ModelVersionPolicy.Latest|null);
        all: (inference.ModelVersionPolicy.All|null);
        specific: (inference.ModelVersionPolicy.Specific|null);
        policyChoice?: ("latest"|"all"|"specific");
        static encode(message: inference.ModelVersionPolicy.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
        static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): inference.ModelVersionPolicy & inference.ModelVersionPolicy.$Shape;
    }

    namespace ModelVersionPolicy {
        interface $Properties {
            latest?: (inference.ModelVersionPolicy.Latest.$Properties|null);
            all?: (inference.ModelVersionPolicy.All.$Properties|null);
            specific?: (inference.ModelVersionPolicy.Specific.$Properties|null);
            policyChoice?: ("latest"|"all"|"specific");
            $unknowns?: Uint8Array[];
        }
        type $Shape = {
          latest?: inference.ModelVersionPolicy.Latest.$Shape|null;
          all?: inference.ModelVersionPolicy.All.$Shape|null;
          specific?: inference.ModelVersionPolicy.Specific.$Shape|null;
          $unknowns?: Uint8Array[];
        } & (
          ({ policyChoice?: undefined; latest?: null; all?: null; specific?: null }|{ policyChoice?: "latest"; latest: inference.ModelVersionPolicy.Latest.$Shape; all?: null; specific?: null }|{ policyChoice?: "all"; latest?: null; all: inference.ModelVersionPolicy.All.$Shape; specific?: null }|{ policyChoice?: "specific"; latest?: null; all?: null; specific: inference.ModelVersionPolicy.Specific.$Shape })
        );

        interface ILatest extends inference.ModelVersionPolicy.Latest.$Properties {
        }

        class Latest {
            constructor(properties?: inference.ModelVersionPolicy.Latest.$Properties);
            $unknowns?: Uint8Array[];
            numVersions: number;
            static encode(message: inference.ModelVersionPolicy.Latest.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): inference.ModelVersionPolicy.Latest & inference.ModelVersionPolicy.Latest.$Shape;
        }

        namespace Latest {
            interface $Properties {
                numVersions?: number;
                $unknowns?: Uint8Array[];
            }
            type $Shape = inference.ModelVersionPolicy.Latest.$Properties;
        }

        interface IAll extends inference.ModelVersionPolicy.All.$Properties {
        }

        class All {
            constructor(properties?: inference.ModelVersionPolicy.All.$Properties);
            $unknowns?: Uint8Array[];
            static encode(message: inference.ModelVersionPolicy.All.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): inference.ModelVersionPolicy.All & inference.ModelVersionPolicy.All.$Shape;
        }

        namespace All {
            interface $Properties {
                $unknowns?: Uint8Array[];
            }
            type $Shape = inference.ModelVersionPolicy.All.$Properties;
        }

        interface ISpecific extends inference.ModelVersionPolicy.Specific.$Properties {
        }

        class Specific {
            constructor(properties?: inference.ModelVersionPolicy.Specific.$Properties);
            $unknowns?: Uint8Array[];
            versions: (number|Long)[];
            static encode(message: inference.ModelVersionPolicy.Specific.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): inference.ModelVersionPolicy.Specific & inference.ModelVersionPolicy.Specific.$Shape;
        }

        namespace Specific {
            interface $Properties {
                versions?: (number|Long)[];
                $unknowns?: Uint8Array[];
            }
            type $Shape = inference.ModelVersionPolicy.Specific.$Properties;
        }
    }

    interface IModelOptimizationPolicy extends inference.ModelOptimizationPolicy.$Properties {
    }

    class ModelOptimizationPolicy {
        constructor(properties?: inference.ModelOptimizationPolicy.$Properties);
        $unknowns?: Uint8Array[];
        graph: inference.ModelOptimizationPolicy.Graph;
        priority: inference.ModelOptimizationPolicy.ModelPriority;
        cuda: inference.ModelOptimizationPolicy.Cuda;
        executionAccelerators: inference.ModelOptimizationPolicy.ExecutionAccelerators;
        inputPinnedMemory: inference.ModelOptimizationPolicy.PinnedMemoryBuffer;
        outputPinnedMemory: inference.ModelOptimizationPolicy.PinnedMemoryBuffer;
        gatherKernelBufferThreshold: number;
        eagerBatching: boolean;
        static encode(message: inference.ModelOptimizationPolicy.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
        static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): inference.ModelOptimizationPolicy & inference.ModelOptimizationPolicy.$Shape;
    }

    namespace ModelOptimizationPolicy {
        interface $Properties {
            graph?: inference.ModelOptimizationPolicy.Graph.$Properties;
            priority?: inference.ModelOptimizationPolicy.ModelPriority;
            cuda?: inference.ModelOptimizationPolicy.Cuda.$Properties;
            executionAccelerators?: inference.ModelOptimizationPolicy.ExecutionAccelerators.$Properties;
            inputPinnedMemory?: inference.ModelOptimizationPolicy.PinnedMemoryBuffer.$Properties;
            outputPinnedMemory?: inference.ModelOptimizationPolicy.PinnedMemoryBuffer.$Properties;
            gatherKernelBufferThreshold?: number;
            eagerBatching?: boolean;
            $unknowns?: Uint8Array[];
        }
        type $Shape = inference.ModelOptimizationPolicy.$Properties;

        interface IGraph extends inference.ModelOptimizationPolicy.Graph.$Properties {
        }

        class Graph {
            constructor(properties?: inference.ModelOptimizationPolicy.Graph.$Properties);
            $unknowns?: Uint8Array[];
            level: number;
            static encode(message: inference.ModelOptimizationPolicy.Graph.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): inference.ModelOptimizationPolicy.Graph & inference.ModelOptimizationPolicy.Graph.$Shape;
        }

        namespace Graph {
            interface $Properties {
                level?: number;
                $unknowns?: Uint8Array[];
            }
            type $Shape = inference.ModelOptimizationPolicy.Graph.$Properties;
        }

        enum ModelPriority {
            PRIORITY_DEFAULT = 0,
            PRIORITY_MAX = 1,
            PRIORITY_MIN = 2
        }

        interface ICuda extends inference.ModelOptimizationPolicy.Cuda.$Properties {
        }

        class Cuda {
            constructor(properties?: inference.ModelOptimizationPolicy.Cuda.$Properties);
            $unknowns?: Uint8Array[];
            graphs: boolean;
            busyWaitEvents: boolean;
            graphSpec: inference.ModelOptimizationPolicy.Cuda.GraphSpec[];
            outputCopyStream: boolean;
            static encode(message: inference.ModelOptimizationPolicy.Cuda.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): inference.ModelOptimizationPolicy.Cuda & inference.ModelOptimizationPolicy.Cuda.$Shape;
        }

        namespace Cuda {
            interface $Properties {
                graphs?: boolean;
                busyWaitEvents?: boolean;
                graphSpec?: inference.ModelOptimizationPolicy.Cuda.GraphSpec.$Properties[];
                outputCopyStream?: boolean;
                $unknowns?: Uint8Array[];
            }
            type $Shape = inference.ModelOptimizationPolicy.Cuda.$Properties;

            interface IGraphSpec extends inference.ModelOptimizationPolicy.Cuda.GraphSpec.$Properties {
            }

            class GraphSpec {
                constructor(properties?: inference.ModelOptimizationPolicy.Cuda.GraphSpec.$Properties);
                $unknowns?: Uint8Array[];
                batchSize: number;
                input: { [k: string]: inference.ModelOptimizationPolicy.Cuda.GraphSpec.Shape };
                graphLowerBound: inference.ModelOptimizationPolicy.Cuda.GraphSpec.LowerBound;
                static encode(message: inference.ModelOptimizationPolicy.Cuda.GraphSpec.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
                static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): inference.ModelOptimizationPolicy.Cuda.GraphSpec & inference.ModelOptimizationPolicy.Cuda.GraphSpec.$Shape;
            }

            namespace GraphSpec {
                interface $Properties {
                    batchSize?: number;
                    input?: { [k: string]: inference.ModelOptimizationPolicy.Cuda.GraphSpec.Shape.$Properties };
                    graphLowerBound?: inference.ModelOptimizationPolicy.Cuda.GraphSpec.LowerBound.$Properties;
                    $unknowns?: Uint8Array[];
                }
                type $Shape = inference.ModelOptimizationPolicy.Cuda.GraphSpec.$Properties;

                interface IShape extends inference.ModelOptimizationPolicy.Cuda.GraphSpec.Shape.$Properties {
                }

                class Shape {
                    constructor(properties?: inference.ModelOptimizationPolicy.Cuda.GraphSpec.Shape.$Properties);
                    $unknowns?: Uint8Array[];
                    dim: (number|Long)[];
                    static encode(message: inference.ModelOptimizationPolicy.Cuda.GraphSpec.Shape.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
                    static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): inference.ModelOptimizationPolicy.Cuda.GraphSpec.Shape & inference.ModelOptimizationPolicy.Cuda.GraphSpec.Shape.$Shape;
                }

                namespace Shape {
                    interface $Properties {
                        dim?: (number|Long)[];
                        $unknowns?: Uint8Array[];
                    }
                    type $Shape = inference.ModelOptimizationPolicy.Cuda.GraphSpec.Shape.$Properties;
                }

                interface ILowerBound extends inference.ModelOptimizationPolicy.Cuda.GraphSpec.LowerBound.$Properties {
                }

                class LowerBound {
                    constructor(properties?: inference.ModelOptimizationPolicy.Cuda.GraphSpec.LowerBound.$Properties);
                    $unknowns?: Uint8Array[];
                    batchSize: number;
                    input: { [k: string]: inference.ModelOptimizationPolicy.Cuda.GraphSpec.Shape };
                    static encode(message: inference.ModelOptimizationPolicy.Cuda.GraphSpec.LowerBound.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
                    static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): inference.ModelOptimizationPolicy.Cuda.GraphSpec.LowerBound & inference.ModelOptimizationPolicy.Cuda.GraphSpec.LowerBound.$Shape;
                }

                namespace LowerBound {
                    interface $Properties {
                        batchSize?: number;
                        input?: { [k: string]: inference.ModelOptimizationPolicy.Cuda.GraphSpec.Shape.$Properties };
                        $unknowns?: Uint8Array[];
                    }
                    type $Shape = inference.ModelOptimizationPolicy.Cuda.GraphSpec.LowerBound.$Properties;
                }
            }
        }

        interface IExecutionAccelerators extends inference.ModelOptimizationPolicy.ExecutionAccelerators.$Properties {
        }

        class ExecutionAccelerators {
            constructor(properties?: inference.ModelOptimizationPolicy.ExecutionAccelerators.$Properties);
            $unknowns?: Uint8Array[];
            gpuExecutionAccelerator: inference.ModelOptimizationPolicy.ExecutionAccelerators.Accelerator[];
            cpuExecutionAccelerator: inference.ModelOptimizationPolicy.ExecutionAccelerators.Accelerator[];
            static encode(message: inference.ModelOptimizationPolicy.ExecutionAccelerators.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): inference.ModelOptimizationPolicy.ExecutionAccelerators & inference.ModelOptimizationPolicy.ExecutionAccelerators.$Shape;
        }

        namespace ExecutionAccelerators {
            interface $Properties {
                gpuExecutionAccelerator?: inference.ModelOptimizationPolicy.ExecutionAccelerators.Accelerator.$Properties[];
                cpuExecutionAccelerator?: inference.ModelOptimizationPolicy.ExecutionAccelerators.Accelerator.$Properties[];
                $unknowns?: Uint8Array[];
            }
            type $Shape = inference.ModelOptimizationPolicy.ExecutionAccelerators.$Properties;

            interface IAccelerator extends inference.ModelOptimizationPolicy.ExecutionAccelerators.Accelerator.$Properties {
            }

            class Accelerator {
                constructor(properties?: inference.ModelOptimizationPolicy.ExecutionAccelerators.Accelerator.$Properties);
                $unknowns?: Uint8Array[];
                name: string;
                parameters: { [k: string]: string };
                static encode(message: inference.ModelOptimizationPolicy.ExecutionAccelerators.Accelerator.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
                static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): inference.ModelOptimizationPolicy.ExecutionAccelerators.Accelerator & inference.ModelOptimizationPolicy.ExecutionAccelerators.Accelerator.$Shape;
            }

            namespace Accelerator {
                interface $Properties {
                    name?: string;
                    parameters?: { [k: string]: string };
                    $unknowns?: Uint8Array[];
                }
                type $Shape = inference.ModelOptimizationPolicy.ExecutionAccelerators.Accelerator.$Properties;
            }
        }

        interface IPinnedMemoryBuffer extends inference.ModelOptimizationPolicy.PinnedMemoryBuffer.$Properties {
        }

        class PinnedMemoryBuffer {
            constructor(properties?: inference.ModelOptimizationPolicy.PinnedMemoryBuffer.$Properties);
            $unknowns?: Uint8Array[];
            enable: boolean;
            static encode(message: inference.ModelOptimizationPolicy.PinnedMemoryBuffer.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): inference.ModelOptimizationPolicy.PinnedMemoryBuffer & inference.ModelOptimizationPolicy.PinnedMemoryBuffer.$Shape;
        }

        namespace PinnedMemoryBuffer {
            interface $Properties {
                enable?: boolean;
                $unknowns?: Uint8Array[];
            }
            type $Shape = inference.ModelOptimizationPolicy.PinnedMemoryBuffer.$Properties;
        }
    }

    interface IModelQueuePolicy extends inference.ModelQueuePolicy.$Properties {
    }

    class ModelQueuePolicy {
        constructor(properties?: inference.ModelQueuePolicy.$Properties);
        $unknowns?: Uint8Array[];
        timeoutAction: inference.ModelQueuePolicy.TimeoutAction;
        defaultTimeoutMicroseconds: (number|Long);
        allowTimeoutOverride: boolean;
        maxQueueSize: number;
        static encode(message: inference.ModelQueuePolicy.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
        static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): inference.ModelQueuePolicy & inference.ModelQueuePolicy.$Shape;
    }

    namespace ModelQueuePolicy {
        interface $Properties {
            timeoutAction?: inference.ModelQueuePolicy.TimeoutAction;
            defaultTimeoutMicroseconds?: (number|Long);
            allowTimeoutOverride?: boolean;
            maxQueueSize?: number;
            $unknowns?: Uint8Array[];
        }
        type $Shape = inference.ModelQueuePolicy.$Properties;

        enum TimeoutAction {
            REJECT = 0,
            DELAY = 1
        }
    }

    interface IModelDynamicBatching extends inference.ModelDynamicBatching.$Properties {
    }

    class ModelDynamicBatching {
        constructor(properties?: inference.ModelDynamicBatching.$Properties);
        $unknowns?: Uint8Array[];
        preferredBatchSize: number[];
        maxQueueDelayMicroseconds: (number|Long);
        preserveOrdering: boolean;
        priorityLevels: (number|Long);
        defaultPriorityLevel: (number|Long);
        defaultQueuePolicy: inference.ModelQueuePolicy;
        priorityQueuePolicy: { [k: string]: inference.ModelQueuePolicy };
        static encode(message: inference.ModelDynamicBatching.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
        static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): inference.ModelDynamicBatching & inference.ModelDynamicBatching.$Shape;
    }

    namespace ModelDynamicBatching {
        interface $Properties {
            preferredBatchSize?: number[];
            maxQueueDelayMicroseconds?: (number|Long);
            preserveOrdering?: boolean;
            priorityLevels?: (number|Long);
            defaultPriorityLevel?: (number|Long);
            defaultQueuePolicy?: inference.ModelQueuePolicy.$Properties;
            priorityQueuePolicy?: { [k: string]: inference.ModelQueuePolicy.$Properties };
            $unknowns?: Uint8Array[];
        }
        type $Shape = inference.ModelDynamicBatching.$Properties;
    }

    interface IModelSequenceBatching extends inference.ModelSequenceBatching.$Properties {
    }

    class ModelSequenceBatching {
        constructor(properties?: inference.ModelSequenceBatching.$Properties);
        $unknowns?: Uint8Array[];
        direct: (inference.ModelSequenceBatching.StrategyDirect|null);
        oldest: (inference.ModelSequenceBatching.StrategyOldest|null);
        maxSequenceIdleMicroseconds: (number|Long);
        controlInput: inference.ModelSequenceBatching.ControlInput[];
        state: inference.ModelSequenceBatching.State[];
        iterativeSequence: boolean;
        strategyChoice?: ("direct"|"oldest");
        static encode(message: inference.ModelSequenceBatching.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
        static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): inference.ModelSequenceBatching & inference.ModelSequenceBatching.$Shape;
    }

    namespace ModelSequenceBatching {
        interface $Properties {
            direct?: (inference.ModelSequenceBatching.StrategyDirect.$Properties|null);
            oldest?: (inference.ModelSequenceBatching.StrategyOldest.$Properties|null);
            maxSequenceIdleMicroseconds?: (number|Long);
            controlInput?: inference.ModelSequenceBatching.ControlInput.$Properties[];
            state?: inference.ModelSequenceBatching.State.$Properties[];
            iterativeSequence?: boolean;
            strategyChoice?: ("direct"|"oldest");
            $unknowns?: Uint8Array[];
        }
        type $Shape = {
          direct?: inference.ModelSequenceBatching.StrategyDirect.$Shape|null;
          oldest?: inference.ModelSequenceBatching.StrategyOldest.$Shape|null;
          maxSequenceIdleMicroseconds?: number|Long;
          controlInput?: inference.ModelSequenceBatching.ControlInput.$Shape[];
          state?: inference.ModelSequenceBatching.State.$Shape[];
          iterativeSequence?: boolean;
          $unknowns?: Uint8Array[];
        } & (
          ({ strategyChoice?: undefined; direct?: null; oldest?: null }|{ strategyChoice?: "direct"; direct: inference.ModelSequenceBatching.StrategyDirect.$Shape; oldest?: null }|{ strategyChoice?: "oldest"; direct?: null; oldest: inference.ModelSequenceBatching.StrategyOldest.$Shape })
        );

        interface IControl extends inference.ModelSequenceBatching.Control.$Properties {
        }

        class Control {
            constructor(properties?: inference.ModelSequenceBatching.Control.$Properties);
            $unknowns?: Uint8Array[];
            kind: inference.ModelSequenceBatching.Control.Kind;
            int32FalseTrue: number[];
            fp32FalseTrue: number[];
            dataType: inference.DataType;
            boolFalseTrue: boolean[];
            static encode(message: inference.ModelSequenceBatching.Control.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): inference.ModelSequenceBatching.Control & inference.ModelSequenceBatching.Control.$Shape;
        }

        namespace Control {
            interface $Properties {
                kind?: inference.ModelSequenceBatching.Control.Kind;
                int32FalseTrue?: number[];
                fp32FalseTrue?: number[];
                dataType?: inference.DataType;
                boolFalseTrue?: boolean[];
                $unknowns?: Uint8Array[];
            }
            type $Shape = inference.ModelSequenceBatching.Control.$Properties;

            enum Kind {
                CONTROL_SEQUENCE_START = 0,
                CONTROL_SEQUENCE_READY = 1,
                CONTROL_SEQUENCE_END = 2,
                CONTROL_SEQUENCE_CORRID = 3
            }
        }

        interface IControlInput extends inference.ModelSequenceBatching.ControlInput.$Properties {
        }

        class ControlInput {
            constructor(properties?: inference.ModelSequenceBatching.ControlInput.$Properties);
            $unknowns?: Uint8Array[];
            name: string;
            control: inference.ModelSequenceBatching.Control[];
            static encode(message: inference.ModelSequenceBatching.ControlInput.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): inference.ModelSequenceBatching.ControlInput & inference.ModelSequenceBatching.ControlInput.$Shape;
        }

        namespace ControlInput {
            interface $Properties {
                name?: string;
                control?: inference.ModelSequenceBatching.Control.$Properties[];
                $unknowns?: Uint8Array[];
            }
            type $Shape = inference.ModelSequenceBatching.ControlInput.$Properties;
        }

        interface IInitialState extends inference.ModelSequenceBatching.InitialState.$Properties {
        }

        class InitialState {
            constructor(properties?: inference.ModelSequenceBatching.InitialState.$Properties);
            $unknowns?: Uint8Array[];
            dataType: inference.DataType;
            dims: (number|Long)[];
            zeroData: (boolean|null);
            dataFile: (string|null);
            name: string;
            stateData?: ("zeroData"|"dataFile");
            static encode(message: inference.ModelSequenceBatching.InitialState.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): inference.ModelSequenceBatching.InitialState & inference.ModelSequenceBatching.InitialState.$Shape;
        }

        namespace InitialState {
            interface $Properties {
                dataType?: inference.DataType;
                dims?: (number|Long)[];
                zeroData?: (boolean|null);
                dataFile?: (string|null);
                name?: string;
                stateData?: ("zeroData"|"dataFile");
                $unknowns?: Uint8Array[];
            }
            type $Shape = {
              dataType?: inference.DataType;
              dims?: (number|Long)[];
              zeroData?: boolean|null;
              dataFile?: string|null;
              name?: string;
              $unknowns?: Uint8Array[];
            } & (
              ({ stateData?: undefined; zeroData?: null; dataFile?: null }|{ stateData?: "zeroData"; zeroData: boolean; dataFile?: null }|{ stateData?: "dataFile"; zeroData?: null; dataFile: string })
            );
        }

        interface IState extends inference.ModelSequenceBatching.State.$Properties {
        }

        class State {
            constructor(properties?: inference.ModelSequenceBatching.State.$Properties);
            $unknowns?: Uint8Array[];
            inputName: string;
            outputName: string;
            dataType: inference.DataType;
            dims: (number|Long)[];
            initialState: inference.ModelSequenceBatching.InitialState[];
            useSameBufferForInputOutput: boolean;
            useGrowableMemory: boolean;
            static encode(message: inference.ModelSequenceBatching.State.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): inference.ModelSequenceBatching.State & inference.ModelSequenceBatching.State.$Shape;
        }

        namespace State {
            interface $Properties {
                inputName?: string;
                outputName?: string;
                dataType?: inference.DataType;
                dims?: (number|Long)[];
                initialState?: inference.ModelSequenceBatching.InitialState.$Properties[];
                useSameBufferForInputOutput?: boolean;
                useGrowableMemory?: boolean;
                $unknowns?: Uint8Array[];
            }
            type $Shape = {
              inputName?: string;
              outputName?: string;
              dataType?: inference.DataType;
              dims?: (number|Long)[];
              initialState?: inference.ModelSequenceBatching.InitialState.$Shape[];
              useSameBufferForInputOutput?: boolean;
              useGrowableMemory?: boolean;
              $unknowns?: Uint8Array[];
            };
        }

        interface IStrategyDirect extends inference.ModelSequenceBatching.StrategyDirect.$Properties {
        }

        class StrategyDirect {
            constructor(properties?: inference.ModelSequenceBatching.StrategyDirect.$Properties);
            $unknowns?: Uint8Array[];
            maxQueueDelayMicroseconds: (number|Long);
            minimumSlotUtilization: number;
            static encode(message: inference.ModelSequenceBatching.StrategyDirect.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): inference.ModelSequenceBatching.StrategyDirect & inference.ModelSequenceBatching.StrategyDirect.$Shape;
        }

        namespace StrategyDirect {
            interface $Properties {
                maxQueueDelayMicroseconds?: (number|Long);
                minimumSlotUtilization?: number;
                $unknowns?: Uint8Array[];
            }
            type $Shape = inference.ModelSequenceBatching.StrategyDirect.$Properties;
        }

        interface IStrategyOldest extends inference.ModelSequenceBatching.StrategyOldest.$Properties {
        }

        class StrategyOldest {
            constructor(properties?: inference.ModelSequenceBatching.StrategyOldest.$Properties);
            $unknowns?: Uint8Array[];
            maxCandidateSequences: number;
            preferredBatchSize: number[];
            maxQueueDelayMicroseconds: (number|Long);
            preserveOrdering: boolean;
            static encode(message: inference.ModelSequenceBatching.StrategyOldest.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): inference.ModelSequenceBatching.StrategyOldest & inference.ModelSequenceBatching.StrategyOldest.$Shape;
        }

        namespace StrategyOldest {
            interface $Properties {
                maxCandidateSequences?: number;
                preferredBatchSize?: number[];
                maxQueueDelayMicroseconds?: (number|Long);
                preserveOrdering?: boolean;
                $unknowns?: Uint8Array[];
            }
            type $Shape = inference.ModelSequenceBatching.StrategyOldest.$Properties;
        }
    }

    interface IModelEnsembling extends inference.ModelEnsembling.$Properties {
    }

    class ModelEnsembling {
        constructor(properties?: inference.ModelEnsembling.$Properties);
        $unknowns?: Uint8Array[];
        step: inference.ModelEnsembling.Step[];
        maxInflightRequests: number;
        static encode(message: inference.ModelEnsembling.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
        static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): inference.ModelEnsembling & inference.ModelEnsembling.$Shape;
    }

    namespace ModelEnsembling {
        interface $Properties {
            step?: inference.ModelEnsembling.Step.$Properties[];
            maxInflightRequests?: number;
            $unknowns?: Uint8Array[];
        }
        type $Shape = inference.ModelEnsembling.$Properties;

        interface IStep extends inference.ModelEnsembling.Step.$Properties {
        }

        class Step {
            constructor(properties?: inference.ModelEnsembling.Step.$Properties);
            $unknowns?: Uint8Array[];
            modelName: string;
            modelVersion: (number|Long);
            inputMap: { [k: string]: string };
            outputMap: { [k: string]: string };
            modelNamespace: string;
            static encode(message: inference.ModelEnsembling.Step.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): inference.ModelEnsembling.Step & inference.ModelEnsembling.Step.$Shape;
        }

        namespace Step {
            interface $Properties {
                modelName?: string;
                modelVersion?: (number|Long);
                inputMap?: { [k: string]: string };
                outputMap?: { [k: string]: string };
                modelNamespace?: string;
                $unknowns?: Uint8Array[];
            }
            type $Shape = inference.ModelEnsembling.Step.$Properties;
        }
    }

    interface IModelParameter extends inference.ModelParameter.$Properties {
    }

    class ModelParameter {
        constructor(properties?: inference.ModelParameter.$Properties);
        $unknowns?: Uint8Array[];
        stringValue: string;
        static encode(message: inference.ModelParameter.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
        static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): inference.ModelParameter & inference.ModelParameter.$Shape;
    }

    namespace ModelParameter {
        interface $Properties {
            stringValue?: string;
            $unknowns?: Uint8Array[];
        }
        type $Shape = inference.ModelParameter.$Properties;
    }

    interface IModelWarmup extends inference.ModelWarmup.$Properties {
    }

    class ModelWarmup {
        constructor(properties?: inference.ModelWarmup.$Properties);
        $unknowns?: Uint8Array[];
        name: string;
        batchSize: number;
        inputs: { [k: string]: inference.ModelWarmup.Input };
        count: number;
        static encode(message: inference.ModelWarmup.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
        static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): inference.ModelWarmup & inference.ModelWarmup.$Shape;
    }

    namespace ModelWarmup {
        interface $Properties {
            name?: string;
            batchSize?: number;
            inputs?: { [k: string]: inference.ModelWarmup.Input.$Properties };
            count?: number;
            $unknowns?: Uint8Array[];
        }
        type $Shape = {
          name?: string;
          batchSize?: number;
          inputs?: { [k: string]: inference.ModelWarmup.Input.$Shape };
          count?: number;
          $unknowns?: Uint8Array[];
        };

        interface IInput extends inference.ModelWarmup.Input.$Properties {
        }

        class Input {
            constructor(properties?: inference.ModelWarmup.Input.$Properties);
            $unknowns?: Uint8Array[];
            dataType: inference.DataType;
            dims: (number|Long)[];
            zeroData: (boolean|null);
            randomData: (boolean|null);
            inputDataFile: (string|null);
            inputDataType?: ("zeroData"|"randomData"|"inputDataFile");
            static encode(message: inference.ModelWarmup.Input.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): inference.ModelWarmup.Input & inference.ModelWarmup.Input.$Shape;
        }

        namespace Input {
            interface $Properties {
                dataType?: inference.DataType;
                dims?: (number|Long)[];
                zeroData?: (boolean|null);
                randomData?: (boolean|null);
                inputDataFile?: (string|null);
                inputDataType?: ("zeroData"|"randomData"|"inputDataFile");
                $unknowns?: Uint8Array[];
            }
            type $Shape = {
              dataType?: inference.DataType;
              dims?: (number|Long)[];
              zeroData?: boolean|null;
              randomData?: boolean|null;
              inputDataFile?: string|null;
              $unknowns?: Uint8Array[];
            } & (
              ({ inputDataType?: undefined; zeroData?: null; randomData?: null; inputDataFile?: null }|{ inputDataType?: "zeroData"; zeroData: boolean; randomData?: null; inputDataFile?: null }|{ inputDataType?: "randomData"; zeroData?: null; randomData: boolean; inputDataFile?: null }|{ inputDataType?: "inputDataFile"; zeroData?: null; randomData?: null; inputDataFile: string })
            );
        }
    }

    interface IModelOperations extends inference.ModelOperations.$Properties {
    }

    class ModelOperations {
        constructor(properties?: inference.ModelOperations.$Properties);
        $unknowns?: Uint8Array[];
        opLibraryFilename: string[];
        static encode(message: inference.ModelOperations.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
        static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): inference.ModelOperations & inference.ModelOperations.$Shape;
    }

    namespace ModelOperations {
        interface $Properties {
            opLibraryFilename?: string[];
            $unknowns?: Uint8Array[];
        }
        type $Shape = inference.ModelOperations.$Properties;
    }

    interface IModelTransactionPolicy extends inference.ModelTransactionPolicy.$Properties {
    }

    class ModelTransactionPolicy {
        constructor(properties?: inference.ModelTransactionPolicy.$Properties);
        $unknowns?: Uint8Array[];
        decoupled: boolean;
        static encode(message: inference.ModelTransactionPolicy.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
        static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): inference.ModelTransactionPolicy & inference.ModelTransactionPolicy.$Shape;
    }

    namespace ModelTransactionPolicy {
        interface $Properties {
            decoupled?: boolean;
            $unknowns?: Uint8Array[];
        }
        type $Shape = inference.ModelTransactionPolicy.$Properties;
    }

    interface IModelRepositoryAgents extends inference.ModelRepositoryAgents.$Properties {
    }

    class ModelRepositoryAgents {
        constructor(properties?: inference.ModelRepositoryAgents.$Properties);
        $unknowns?: Uint8Array[];
        agents: inference.ModelRepositoryAgents.Agent[];
        static encode(message: inference.ModelRepositoryAgents.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
        static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): inference.ModelRepositoryAgents & inference.ModelRepositoryAgents.$Shape;
    }

    namespace ModelRepositoryAgents {
        interface $Properties {
            agents?: inference.ModelRepositoryAgents.Agent.$Properties[];
            $unknowns?: Uint8Array[];
        }
        type $Shape = inference.ModelRepositoryAgents.$Properties;

        interface IAgent extends inference.ModelRepositoryAgents.Agent.$Properties {
        }

        class Agent {
            constructor(properties?: inference.ModelRepositoryAgents.Agent.$Properties);
            $unknowns?: Uint8Array[];
            name: string;
            parameters: { [k: string]: string };
            static encode(message: inference.ModelRepositoryAgents.Agent.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): inference.ModelRepositoryAgents.Agent & inference.ModelRepositoryAgents.Agent.$Shape;
        }

        namespace Agent {
            interface $Properties {
                name?: string;
                parameters?: { [k: string]: string };
                $unknowns?: Uint8Array[];
            }
            type $Shape = inference.ModelRepositoryAgents.Agent.$Properties;
        }
    }

    interface IModelResponseCache extends inference.ModelResponseCache.$Properties {
    }

    class ModelResponseCache {
        constructor(properties?: inference.ModelResponseCache.$Properties);
        $unknowns?: Uint8Array[];
        enable: boolean;
        static encode(message: inference.ModelResponseCache.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
        static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): inference.ModelResponseCache & inference.ModelResponseCache.$Shape;
    }

    namespace ModelResponseCache {
        interface $Properties {
            enable?: boolean;
            $unknowns?: Uint8Array[];
        }
        type $Shape = inference.ModelResponseCache.$Properties;
    }

    interface IModelMetrics extends inference.ModelMetrics.$Properties {
    }

    class ModelMetrics {
        constructor(properties?: inference.ModelMetrics.$Properties);
        $unknowns?: Uint8Array[];
        metricControl: inference.ModelMetrics.MetricControl[];
        static encode(message: inference.ModelMetrics.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
        static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): inference.ModelMetrics & inference.ModelMetrics.$Shape;
    }

    namespace ModelMetrics {
        interface $Properties {
            metricControl?: inference.ModelMetrics.MetricControl.$Properties[];
            $unknowns?: Uint8Array[];
        }
        type $Shape = {
          metricControl?: inference.ModelMetrics.MetricControl.$Shape[];
          $unknowns?: Uint8Array[];
        };

        interface IMetricControl extends inference.ModelMetrics.MetricControl.$Properties {
        }

        class MetricControl {
            constructor(properties?: inference.ModelMetrics.MetricControl.$Properties);
            $unknowns?: Uint8Array[];
            metricIdentifier: inference.ModelMetrics.MetricControl.MetricIdentifier;
            histogramOptions: (inference.ModelMetrics.MetricControl.HistogramOptions|null);
            metricOptions?: "histogramOptions";
            static encode(message: inference.ModelMetrics.MetricControl.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): inference.ModelMetrics.MetricControl & inference.ModelMetrics.MetricControl.$Shape;
        }

        namespace MetricControl {
            interface $Properties {
                metricIdentifier?: inference.ModelMetrics.MetricControl.MetricIdentifier.$Properties;
                histogramOptions?: (inference.ModelMetrics.MetricControl.HistogramOptions.$Properties|null);
                metricOptions?: "histogramOptions";
                $unknowns?: Uint8Array[];
            }
            type $Shape = {
              metricIdentifier?: inference.ModelMetrics.MetricControl.MetricIdentifier.$Shape;
              histogramOptions?: inference.ModelMetrics.MetricControl.HistogramOptions.$Shape|null;
              $unknowns?: Uint8Array[];
            } & (
              ({ metricOptions?: undefined; histogramOptions?: null }|{ metricOptions?: "histogramOptions"; histogramOptions: inference.ModelMetrics.MetricControl.HistogramOptions.$Shape })
            );

            interface IMetricIdentifier extends inference.ModelMetrics.MetricControl.MetricIdentifier.$Properties {
            }

            class MetricIdentifier {
                constructor(properties?: inference.ModelMetrics.MetricControl.MetricIdentifier.$Properties);
                $unknowns?: Uint8Array[];
                family: string;
                static encode(message: inference.ModelMetrics.MetricControl.MetricIdentifier.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
                static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): inference.ModelMetrics.MetricControl.MetricIdentifier & inference.ModelMetrics.MetricControl.MetricIdentifier.$Shape;
            }

            namespace MetricIdentifier {
                interface $Properties {
                    family?: string;
                    $unknowns?: Uint8Array[];
                }
                type $Shape = inference.ModelMetrics.MetricControl.MetricIdentifier.$Properties;
            }

            interface IHistogramOptions extends inference.ModelMetrics.MetricControl.HistogramOptions.$Properties {
            }

            class HistogramOptions {
                constructor(properties?: inference.ModelMetrics.MetricControl.HistogramOptions.$Properties);
                $unknowns?: Uint8Array[];
                buckets: number[];
                static encode(message: inference.ModelMetrics.MetricControl.HistogramOptions.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
                static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): inference.ModelMetrics.MetricControl.HistogramOptions & inference.ModelMetrics.MetricControl.HistogramOptions.$Shape;
            }

            namespace HistogramOptions {
                interface $Properties {
                    buckets?: number[];
                    $unknowns?: Uint8Array[];
                }
                type $Shape = inference.ModelMetrics.MetricControl.HistogramOptions.$Properties;
            }
        }
    }

    interface IModelConfig extends inference.ModelConfig.$Properties {
    }

    class ModelConfig {
        constructor(properties?: inference.ModelConfig.$Properties);
        $unknowns?: Uint8Array[];
        name: string;
        platform: string;
        backend: string;
        runtime: string;
        versionPolicy: inference.ModelVersionPolicy;
        maxBatchSize: number;
        input: inference.ModelInput[];
        output: inference.ModelOutput[];
        batchInput: inference.BatchInput[];
        batchOutput: inference.BatchOutput[];
        optimization: inference.ModelOptimizationPolicy;
        dynamicBatching: (inference.ModelDynamicBatching|null);
        sequenceBatching: (inference.ModelSequenceBatching|null);
        ensembleScheduling: (inference.ModelEnsembling|null);
        instanceGroup: inference.ModelInstanceGroup[];
        defaultModelFilename: string;
        ccModelFilenames: { [k: string]: string };
        metricTags: { [k: string]: string };
        parameters: { [k: string]: inference.ModelParameter };
        modelWarmup: inference.ModelWarmup[];
        modelOperations: inference.ModelOperations;
        modelTransactionPolicy: inference.ModelTransactionPolicy;
        modelRepositoryAgents: inference.ModelRepositoryAgents;
        responseCache: inference.ModelResponseCache;
        modelMetrics: inference.ModelMetrics;
        schedulingChoice?: ("dynamicBatching"|"sequenceBatching"|"ensembleScheduling");
        static encode(message: inference.ModelConfig.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
        static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): inference.ModelConfig & inference.ModelConfig.$Shape;
    }

    namespace ModelConfig {
        interface $Properties {
            name?: string;
            platform?: string;
            backend?: string;
            runtime?: string;
            versionPolicy?: inference.ModelVersionPolicy.$Properties;
            maxBatchSize?: number;
            input?: inference.ModelInput.$Properties[];
            output?: inference.ModelOutput.$Properties[];
            batchInput?: inference.BatchInput.$Properties[];
            batchOutput?: inference.BatchOutput.$Properties[];
            optimization?: inference.ModelOptimizationPolicy.$Properties;
            dynamicBatching?: (inference.ModelDynamicBatching.$Properties|null);
            sequenceBatching?: (inference.ModelSequenceBatching.$Properties|null);
            ensembleScheduling?: (inference.ModelEnsembling.$Properties|null);
            instanceGroup?: inference.ModelInstanceGroup.$Properties[];
            defaultModelFilename?: string;
            ccModelFilenames?: { [k: string]: string };
            metricTags?: { [k: string]: string };
            parameters?: { [k: string]: inference.ModelParameter.$Properties };
            modelWarmup?: inference.ModelWarmup.$Properties[];
            modelOperations?: inference.ModelOperations.$Properties;
            modelTransactionPolicy?: inference.ModelTransactionPolicy.$Properties;
            modelRepositoryAgents?: inference.ModelRepositoryAgents.$Properties;
            responseCache?: inference.ModelResponseCache.$Properties;
            modelMetrics?: inference.ModelMetrics.$Properties;
            schedulingChoice?: ("dynamicBatching"|"sequenceBatching"|"ensembleScheduling");
            $unknowns?: Uint8Array[];
        }
        type $Shape = {
          name?: string;
          platform?: string;
          backend?: string;
          runtime?: string;
          versionPolicy?: inference.ModelVersionPolicy.$Shape;
          maxBatchSize?: number;
          input?: inference.ModelInput.$Shape[];
          output?: inference.ModelOutput.$Shape[];
          batchInput?: inference.BatchInput.$Shape[];
          batchOutput?: inference.BatchOutput.$Shape[];
          optimization?: inference.ModelOptimizationPolicy.$Shape;
          dynamicBatching?: inference.ModelDynamicBatching.$Shape|null;
          sequenceBatching?: inference.ModelSequenceBatching.$Shape|null;
          ensembleScheduling?: inference.ModelEnsembling.$Shape|null;
          instanceGroup?: inference.ModelInstanceGroup.$Shape[];
          defaultModelFilename?: string;
          ccModelFilenames?: { [k: string]: string };
          metricTags?: { [k: string]: string };
          parameters?: { [k: string]: inference.ModelParameter.$Shape };
          modelWarmup?: inference.ModelWarmup.$Shape[];
          modelOperations?: inference.ModelOperations.$Shape;
          modelTransactionPolicy?: inference.ModelTransactionPolicy.$Shape;
          modelRepositoryAgents?: inference.ModelRepositoryAgents.$Shape;
          responseCache?: inference.ModelResponseCache.$Shape;
          modelMetrics?: inference.ModelMetrics.$Shape;
          $unknowns?: Uint8Array[];
        } & (
          ({ schedulingChoice?: undefined; dynamicBatching?: null; sequenceBatching?: null; ensembleScheduling?: null }|{ schedulingChoice?: "dynamicBatching"; dynamicBatching: inference.ModelDynamicBatching.$Shape; sequenceBatching?: null; ensembleScheduling?: null }|{ schedulingChoice?: "sequenceBatching"; dynamicBatching?: null; sequenceBatching: inference.ModelSequenceBatching.$Shape; ensembleScheduling?: null }|{ schedulingChoice?: "ensembleScheduling"; dynamicBatching?: null; sequenceBatching?: null; ensembleScheduling: inference.ModelEnsembling.$Shape })
        );
    }
}

export namespace grpc {

    namespace health {

        namespace v1 {

            interface IHealthCheckRequest extends grpc.health.v1.HealthCheckRequest.$Properties {
            }

            class HealthCheckRequest {
                constructor(properties?: grpc.health.v1.HealthCheckRequest.$Properties);
                $unknowns?: Uint8Array[];
                service: string;
                static encode(message: grpc.health.v1.HealthCheckRequest.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
                static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): grpc.health.v1.HealthCheckRequest & grpc.health.v1.HealthCheckRequest.$Shape;
            }

            namespace HealthCheckRequest {
                interface $Properties {
                    service?: string;
                    $unknowns?: Uint8Array[];
                }
                type $Shape = grpc.health.v1.HealthCheckRequest.$Properties;
            }

            interface IHealthCheckResponse extends grpc.health.v1.HealthCheckResponse.$Properties {
            }

            class HealthCheckResponse {
                constructor(properties?: grpc.health.v1.HealthCheckResponse.$Properties);
                $unknowns?: Uint8Array[];
                status: grpc.health.v1.HealthCheckResponse.ServingStatus;
                static encode(message: grpc.health.v1.HealthCheckResponse.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
                static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): grpc.health.v1.HealthCheckResponse & grpc.health.v1.HealthCheckResponse.$Shape;
            }

            namespace HealthCheckResponse {
                interface $Properties {
                    status?: grpc.health.v1.HealthCheckResponse.ServingStatus;
                    $unknowns?: Uint8Array[];
                }
                type $Shape = grpc.health.v1.HealthCheckResponse.$Properties;

                enum ServingStatus {
                    UNKNOWN = 0,
                    SERVING = 1,
                    NOT_SERVING = 2,
                    SERVICE_UNKNOWN = 3
                }
            }
        }
    }

    namespace reflection {

        namespace v1 {

            interface IServerReflectionRequest extends grpc.reflection.v1.ServerReflectionRequest.$Properties {
            }

            class ServerReflectionRequest {
                constructor(properties?: grpc.reflection.v1.ServerReflectionRequest.$Properties);
                $unknowns?: Uint8Array[];
                host: string;
                fileByFilename: (string|null);
                fileContainingSymbol: (string|null);
                fileContainingExtension: (grpc.reflection.v1.ExtensionRequest|null);
                allExtensionNumbersOfType: (string|null);
                listServices: (string|null);
                messageRequest?: ("fileByFilename"|"fileContainingSymbol"|"fileContainingExtension"|"allExtensionNumbersOfType"|"listServices");
                static encode(message: grpc.reflection.v1.ServerReflectionRequest.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
                static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): grpc.reflection.v1.ServerReflectionRequest & grpc.reflection.v1.ServerReflectionRequest.$Shape;
            }

            namespace ServerReflectionRequest {
                interface $Properties {
                    host?: string;
                    fileByFilename?: (string|null);
                    fileContainingSymbol?: (string|null);
                    fileContainingExtension?: (grpc.reflection.v1.ExtensionRequest.$Properties|null);
                    allExtensionNumbersOfType?: (string|null);
                    listServices?: (string|null);
                    messageRequest?: ("fileByFilename"|"fileContainingSymbol"|"fileContainingExtension"|"allExtensionNumbersOfType"|"listServices");
                    $unknowns?: Uint8Array[];
                }
                type $Shape = {
                  host?: string;
                  fileByFilename?: string|null;
                  fileContainingSymbol?: string|null;
                  fileContainingExtension?: grpc.reflection.v1.ExtensionRequest.$Shape|null;
                  allExtensionNumbersOfType?: string|null;
                  listServices?: string|null;
                  $unknowns?: Uint8Array[];
                } & (
                  ({ messageRequest?: undefined; fileByFilename?: null; fileContainingSymbol?: null; fileContainingExtension?: null; allExtensionNumbersOfType?: null; listServices?: null }|{ messageRequest?: "fileByFilename"; fileByFilename: string; fileContainingSymbol?: null; fileContainingExtension?: null; allExtensionNumbersOfType?: null; listServices?: null }|{ messageRequest?: "fileContainingSymbol"; fileByFilename?: null; fileContainingSymbol: string; fileContainingExtension?: null; allExtensionNumbersOfType?: null; listServices?: null }|{ messageRequest?: "fileContainingExtension"; fileByFilename?: null; fileContainingSymbol?: null; fileContainingExtension: grpc.reflection.v1.ExtensionRequest.$Shape; allExtensionNumbersOfType?: null; listServices?: null }|{ messageRequest?: "allExtensionNumbersOfType"; fileByFilename?: null; fileContainingSymbol?: null; fileContainingExtension?: null; allExtensionNumbersOfType: string; listServices?: null }|{ messageRequest?: "listServices"; fileByFilename?: null; fileContainingSymbol?: null; fileContainingExtension?: null; allExtensionNumbersOfType?: null; listServices: string })
                );
            }

            interface IExtensionRequest extends grpc.reflection.v1.ExtensionRequest.$Properties {
            }

            class ExtensionRequest {
                constructor(properties?: grpc.reflection.v1.ExtensionRequest.$Properties);
                $unknowns?: Uint8Array[];
                containingType: string;
                extensionNumber: number;
                static encode(message: grpc.reflection.v1.ExtensionRequest.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
                static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): grpc.reflection.v1.ExtensionRequest & grpc.reflection.v1.ExtensionRequest.$Shape;
            }

            namespace ExtensionRequest {
                interface $Properties {
                    containingType?: string;
                    extensionNumber?: number;
                    $unknowns?: Uint8Array[];
                }
                type $Shape = grpc.reflection.v1.ExtensionRequest.$Properties;
            }

            interface IServerReflectionResponse extends grpc.reflection.v1.ServerReflectionResponse.$Properties {
            }

            class ServerReflectionResponse {
                constructor(properties?: grpc.reflection.v1.ServerReflectionResponse.$Properties);
                $unknowns?: Uint8Array[];
                validHost: string;
                originalRequest: grpc.reflection.v1.ServerReflectionRequest;
                fileDescriptorResponse: (grpc.reflection.v1.FileDescriptorResponse|null);
                allExtensionNumbersResponse: (grpc.reflection.v1.ExtensionNumberResponse|null);
                listServicesResponse: (grpc.reflection.v1.ListServiceResponse|null);
                errorResponse: (grpc.reflection.v1.ErrorResponse|null);
                messageResponse?: ("fileDescriptorResponse"|"allExtensionNumbersResponse"|"listServicesResponse"|"errorResponse");
                static encode(message: grpc.reflection.v1.ServerReflectionResponse.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
                static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): grpc.reflection.v1.ServerReflectionResponse & grpc.reflection.v1.ServerReflectionResponse.$Shape;
            }

            namespace ServerReflectionResponse {
                interface $Properties {
                    validHost?: string;
                    originalRequest?: grpc.reflection.v1.ServerReflectionRequest.$Properties;
                    fileDescriptorResponse?: (grpc.reflection.v1.FileDescriptorResponse.$Properties|null);
                    allExtensionNumbersResponse?: (grpc.reflection.v1.ExtensionNumberResponse.$Properties|null);
                    listServicesResponse?: (grpc.reflection.v1.ListServiceResponse.$Properties|null);
                    errorResponse?: (grpc.reflection.v1.ErrorResponse.$Properties|null);
                    messageResponse?: ("fileDescriptorResponse"|"allExtensionNumbersResponse"|"listServicesResponse"|"errorResponse");
                    $unknowns?: Uint8Array[];
                }
                type $Shape = {
                  validHost?: string;
                  originalRequest?: grpc.reflection.v1.ServerReflectionRequest.$Shape;
                  fileDescriptorResponse?: grpc.reflection.v1.FileDescriptorResponse.$Shape|null;
                  allExtensionNumbersResponse?: grpc.reflection.v1.ExtensionNumberResponse.$Shape|null;
                  listServicesResponse?: grpc.reflection.v1.ListServiceResponse.$Shape|null;
                  errorResponse?: grpc.reflection.v1.ErrorResponse.$Shape|null;
                  $unknowns?: Uint8Array[];
                } & (
                  ({ messageResponse?: undefined; fileDescriptorResponse?: null; allExtensionNumbersResponse?: null; listServicesResponse?: null; errorResponse?: null }|{ messageResponse?: "fileDescriptorResponse"; fileDescriptorResponse: grpc.reflection.v1.FileDescriptorResponse.$Shape; allExtensionNumbersResponse?: null; listServicesResponse?: null; errorResponse?: null }|{ messageResponse?: "allExtensionNumbersResponse"; fileDescriptorResponse?: null; allExtensionNumbersResponse: grpc.reflection.v1.ExtensionNumberResponse.$Shape; listServicesResponse?: null; errorResponse?: null }|{ messageResponse?: "listServicesResponse"; fileDescriptorResponse?: null; allExtensionNumbersResponse?: null; listServicesResponse: grpc.reflection.v1.ListServiceResponse.$Shape; errorResponse?: null }|{ messageResponse?: "errorResponse"; fileDescriptorResponse?: null; allExtensionNumbersResponse?: null; listServicesResponse?: null; errorResponse: grpc.reflection.v1.ErrorResponse.$Shape })
                );
            }

            interface IFileDescriptorResponse extends grpc.reflection.v1.FileDescriptorResponse.$Properties {
            }

            class FileDescriptorResponse {
                constructor(properties?: grpc.reflection.v1.FileDescriptorResponse.$Properties);
                $unknowns?: Uint8Array[];
                fileDescriptorProto: Uint8Array[];
                static encode(message: grpc.reflection.v1.FileDescriptorResponse.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
                static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): grpc.reflection.v1.FileDescriptorResponse & grpc.reflection.v1.FileDescriptorResponse.$Shape;
            }

            namespace FileDescriptorResponse {
                interface $Properties {
                    fileDescriptorProto?: Uint8Array[];
                    $unknowns?: Uint8Array[];
                }
                type $Shape = grpc.reflection.v1.FileDescriptorResponse.$Properties;
            }

            interface IExtensionNumberResponse extends grpc.reflection.v1.ExtensionNumberResponse.$Properties {
            }

            class ExtensionNumberResponse {
                constructor(properties?: grpc.reflection.v1.ExtensionNumberResponse.$Properties);
                $unknowns?: Uint8Array[];
                baseTypeName: string;
                extensionNumber: number[];
                static encode(message: grpc.reflection.v1.ExtensionNumberResponse.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
                static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): grpc.reflection.v1.ExtensionNumberResponse & grpc.reflection.v1.ExtensionNumberResponse.$Shape;
            }

            namespace ExtensionNumberResponse {
                interface $Properties {
                    baseTypeName?: string;
                    extensionNumber?: number[];
                    $unknowns?: Uint8Array[];
                }
                type $Shape = grpc.reflection.v1.ExtensionNumberResponse.$Properties;
            }

            interface IListServiceResponse extends grpc.reflection.v1.ListServiceResponse.$Properties {
            }

            class ListServiceResponse {
                constructor(properties?: grpc.reflection.v1.ListServiceResponse.$Properties);
                $unknowns?: Uint8Array[];
                service: grpc.reflection.v1.ServiceResponse[];
                static encode(message: grpc.reflection.v1.ListServiceResponse.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
                static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): grpc.reflection.v1.ListServiceResponse & grpc.reflection.v1.ListServiceResponse.$Shape;
            }

            namespace ListServiceResponse {
                interface $Properties {
                    service?: grpc.reflection.v1.ServiceResponse.$Properties[];
                    $unknowns?: Uint8Array[];
                }
                type $Shape = grpc.reflection.v1.ListServiceResponse.$Properties;
            }

            interface IServiceResponse extends grpc.reflection.v1.ServiceResponse.$Properties {
            }

            class ServiceResponse {
                constructor(properties?: grpc.reflection.v1.ServiceResponse.$Properties);
                $unknowns?: Uint8Array[];
                name: string;
                static encode(message: grpc.reflection.v1.ServiceResponse.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
                static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): grpc.reflection.v1.ServiceResponse & grpc.reflection.v1.ServiceResponse.$Shape;
            }

            namespace ServiceResponse {
                interface $Properties {
                    name?: string;
                    $unknowns?: Uint8Array[];
                }
                type $Shape = grpc.reflection.v1.ServiceResponse.$Properties;
            }

            interface IErrorResponse extends grpc.reflection.v1.ErrorResponse.$Properties {
            }

            class ErrorResponse {
                constructor(properties?: grpc.reflection.v1.ErrorResponse.$Properties);
                $unknowns?: Uint8Array[];
                errorCode: number;
                errorMessage: string;
                static encode(message: grpc.reflection.v1.ErrorResponse.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
                static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): grpc.reflection.v1.ErrorResponse & grpc.reflection.v1.ErrorResponse.$Shape;
            }

            namespace ErrorResponse {
                interface $Properties {
                    errorCode?: number;
                    errorMessage?: string;
                    $unknowns?: Uint8Array[];
                }
                type $Shape = grpc.reflection.v1.ErrorResponse.$Properties;
            }
        }

        namespace v1alpha {

            interface IServerReflectionRequest extends grpc.reflection.v1alpha.ServerReflectionRequest.$Properties {
            }

            class ServerReflectionRequest {
                constructor(properties?: grpc.reflection.v1alpha.ServerReflectionRequest.$Properties);
                $unknowns?: Uint8Array[];
                host: string;
                fileByFilename: (string|null);
                fileContainingSymbol: (string|null);
                fileContainingExtension: (grpc.reflection.v1alpha.ExtensionRequest|null);
                allExtensionNumbersOfType: (string|null);
                listServices: (string|null);
                messageRequest?: ("fileByFilename"|"fileContainingSymbol"|"fileContainingExtension"|"allExtensionNumbersOfType"|"listServices");
                static encode(message: grpc.reflection.v1alpha.ServerReflectionRequest.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
                static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): grpc.reflection.v1alpha.ServerReflectionRequest & grpc.reflection.v1alpha.ServerReflectionRequest.$Shape;
            }

            namespace ServerReflectionRequest {
                interface $Properties {
                    host?: string;
                    fileByFilename?: (string|null);
                    fileContainingSymbol?: (string|null);
                    fileContainingExtension?: (grpc.reflection.v1alpha.ExtensionRequest.$Properties|null);
                    allExtensionNumbersOfType?: (string|null);
                    listServices?: (string|null);
                    messageRequest?: ("fileByFilename"|"fileContainingSymbol"|"fileContainingExtension"|"allExtensionNumbersOfType"|"listServices");
                    $unknowns?: Uint8Array[];
                }
                type $Shape = {
                  host?: string;
                  fileByFilename?: string|null;
                  fileContainingSymbol?: string|null;
                  fileContainingExtension?: grpc.reflection.v1alpha.ExtensionRequest.$Shape|null;
                  allExtensionNumbersOfType?: string|null;
                  listServices?: string|null;
                  $unknowns?: Uint8Array[];
                } & (
                  ({ messageRequest?: undefined; fileByFilename?: null; fileContainingSymbol?: null; fileContainingExtension?: null; allExtensionNumbersOfType?: null; listServices?: null }|{ messageRequest?: "fileByFilename"; fileByFilename: string; fileContainingSymbol?: null; fileContainingExtension?: null; allExtensionNumbersOfType?: null; listServices?: null }|{ messageRequest?: "fileContainingSymbol"; fileByFilename?: null; fileContainingSymbol: string; fileContainingExtension?: null; allExtensionNumbersOfType?: null; listServices?: null }|{ messageRequest?: "fileContainingExtension"; fileByFilename?: null; fileContainingSymbol?: null; fileContainingExtension: grpc.reflection.v1alpha.ExtensionRequest.$Shape; allExtensionNumbersOfType?: null; listServices?: null }|{ messageRequest?: "allExtensionNumbersOfType"; fileByFilename?: null; fileContainingSymbol?: null; fileContainingExtension?: null; allExtensionNumbersOfType: string; listServices?: null }|{ messageRequest?: "listServices"; fileByFilename?: null; fileContainingSymbol?: null; fileContainingExtension?: null; allExtensionNumbersOfType?: null; listServices: string })
                );
            }

            interface IExtensionRequest extends grpc.reflection.v1alpha.ExtensionRequest.$Properties {
            }

            class ExtensionRequest {
                constructor(properties?: grpc.reflection.v1alpha.ExtensionRequest.$Properties);
                $unknowns?: Uint8Array[];
                containingType: string;
                extensionNumber: number;
                static encode(message: grpc.reflection.v1alpha.ExtensionRequest.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
                static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): grpc.reflection.v1alpha.ExtensionRequest & grpc.reflection.v1alpha.ExtensionRequest.$Shape;
            }

            namespace ExtensionRequest {
                interface $Properties {
                    containingType?: string;
                    extensionNumber?: number;
                    $unknowns?: Uint8Array[];
                }
                type $Shape = grpc.reflection.v1alpha.ExtensionRequest.$Properties;
            }

            interface IServerReflectionResponse extends grpc.reflection.v1alpha.ServerReflectionResponse.$Properties {
            }

            class ServerReflectionResponse {
                constructor(properties?: grpc.reflection.v1alpha.ServerReflectionResponse.$Properties);
                $unknowns?: Uint8Array[];
                validHost: string;
                originalRequest: grpc.reflection.v1alpha.ServerReflectionRequest;
                fileDescriptorResponse: (grpc.reflection.v1alpha.FileDescriptorResponse|null);
                allExtensionNumbersResponse: (grpc.reflection.v1alpha.ExtensionNumberResponse|null);
                listServicesResponse: (grpc.reflection.v1alpha.ListServiceResponse|null);
                errorResponse: (grpc.reflection.v1alpha.ErrorResponse|null);
                messageResponse?: ("fileDescriptorResponse"|"allExtensionNumbersResponse"|"listServicesResponse"|"errorResponse");
                static encode(message: grpc.reflection.v1alpha.ServerReflectionResponse.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
                static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): grpc.reflection.v1alpha.ServerReflectionResponse & grpc.reflection.v1alpha.ServerReflectionResponse.$Shape;
            }

            namespace ServerReflectionResponse {
                interface $Properties {
                    validHost?: string;
                    originalRequest?: grpc.reflection.v1alpha.ServerReflectionRequest.$Properties;
                    fileDescriptorResponse?: (grpc.reflection.v1alpha.FileDescriptorResponse.$Properties|null);
                    allExtensionNumbersResponse?: (grpc.reflection.v1alpha.ExtensionNumberResponse.$Properties|null);
                    listServicesResponse?: (grpc.reflection.v1alpha.ListServiceResponse.$Properties|null);
                    errorResponse?: (grpc.reflection.v1alpha.ErrorResponse.$Properties|null);
                    messageResponse?: ("fileDescriptorResponse"|"allExtensionNumbersResponse"|"listServicesResponse"|"errorResponse");
                    $unknowns?: Uint8Array[];
                }
                type $Shape = {
                  validHost?: string;
                  originalRequest?: grpc.reflection.v1alpha.ServerReflectionRequest.$Shape;
                  fileDescriptorResponse?: grpc.reflection.v1alpha.FileDescriptorResponse.$Shape|null;
                  allExtensionNumbersResponse?: grpc.reflection.v1alpha.ExtensionNumberResponse.$Shape|null;
                  listServicesResponse?: grpc.reflection.v1alpha.ListServiceResponse.$Shape|null;
                  errorResponse?: grpc.reflection.v1alpha.ErrorResponse.$Shape|null;
                  $unknowns?: Uint8Array[];
                } & (
                  ({ messageResponse?: undefined; fileDescriptorResponse?: null; allExtensionNumbersResponse?: null; listServicesResponse?: null; errorResponse?: null }|{ messageResponse?: "fileDescriptorResponse"; fileDescriptorResponse: grpc.reflection.v1alpha.FileDescriptorResponse.$Shape; allExtensionNumbersResponse?: null; listServicesResponse?: null; errorResponse?: null }|{ messageResponse?: "allExtensionNumbersResponse"; fileDescriptorResponse?: null; allExtensionNumbersResponse: grpc.reflection.v1alpha.ExtensionNumberResponse.$Shape; listServicesResponse?: null; errorResponse?: null }|{ messageResponse?: "listServicesResponse"; fileDescriptorResponse?: null; allExtensionNumbersResponse?: null; listServicesResponse: grpc.reflection.v1alpha.ListServiceResponse.$Shape; errorResponse?: null }|{ messageResponse?: "errorResponse"; fileDescriptorResponse?: null; allExtensionNumbersResponse?: null; listServicesResponse?: null; errorResponse: grpc.reflection.v1alpha.ErrorResponse.$Shape })
                );
            }

            interface IFileDescriptorResponse extends grpc.reflection.v1alpha.FileDescriptorResponse.$Properties {
            }

            class FileDescriptorResponse {
                constructor(properties?: grpc.reflection.v1alpha.FileDescriptorResponse.$Properties);
                $unknowns?: Uint8Array[];
                fileDescriptorProto: Uint8Array[];
                static encode(message: grpc.reflection.v1alpha.FileDescriptorResponse.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
                static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): grpc.reflection.v1alpha.FileDescriptorResponse & grpc.reflection.v1alpha.FileDescriptorResponse.$Shape;
            }

            namespace FileDescriptorResponse {
                interface $Properties {
                    fileDescriptorProto?: Uint8Array[];
                    $unknowns?: Uint8Array[];
                }
                type $Shape = grpc.reflection.v1alpha.FileDescriptorResponse.$Properties;
            }

            interface IExtensionNumberResponse extends grpc.reflection.v1alpha.ExtensionNumberResponse.$Properties {
            }

            class ExtensionNumberResponse {
                constructor(properties?: grpc.reflection.v1alpha.ExtensionNumberResponse.$Properties);
                $unknowns?: Uint8Array[];
                baseTypeName: string;
                extensionNumber: number[];
                static encode(message: grpc.reflection.v1alpha.ExtensionNumberResponse.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
                static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): grpc.reflection.v1alpha.ExtensionNumberResponse & grpc.reflection.v1alpha.ExtensionNumberResponse.$Shape;
            }

            namespace ExtensionNumberResponse {
                interface $Properties {
                    baseTypeName?: string;
                    extensionNumber?: number[];
                    $unknowns?: Uint8Array[];
                }
                type $Shape = grpc.reflection.v1alpha.ExtensionNumberResponse.$Properties;
            }

            interface IListServiceResponse extends grpc.reflection.v1alpha.ListServiceResponse.$Properties {
            }

            class ListServiceResponse {
                constructor(properties?: grpc.reflection.v1alpha.ListServiceResponse.$Properties);
                $unknowns?: Uint8Array[];
                service: grpc.reflection.v1alpha.ServiceResponse[];
                static encode(message: grpc.reflection.v1alpha.ListServiceResponse.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
                static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): grpc.reflection.v1alpha.ListServiceResponse & grpc.reflection.v1alpha.ListServiceResponse.$Shape;
            }

            namespace ListServiceResponse {
                interface $Properties {
                    service?: grpc.reflection.v1alpha.ServiceResponse.$Properties[];
                    $unknowns?: Uint8Array[];
                }
                type $Shape = grpc.reflection.v1alpha.ListServiceResponse.$Properties;
            }

            interface IServiceResponse extends grpc.reflection.v1alpha.ServiceResponse.$Properties {
            }

            class ServiceResponse {
                constructor(properties?: grpc.reflection.v1alpha.ServiceResponse.$Properties);
                $unknowns?: Uint8Array[];
                name: string;
                static encode(message: grpc.reflection.v1alpha.ServiceResponse.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
                static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): grpc.reflection.v1alpha.ServiceResponse & grpc.reflection.v1alpha.ServiceResponse.$Shape;
            }

            namespace ServiceResponse {
                interface $Properties {
                    name?: string;
                    $unknowns?: Uint8Array[];
                }
                type $Shape = grpc.reflection.v1alpha.ServiceResponse.$Properties;
            }

            interface IErrorResponse extends grpc.reflection.v1alpha.ErrorResponse.$Properties {
            }

            class ErrorResponse {
                constructor(properties?: grpc.reflection.v1alpha.ErrorResponse.$Properties);
                $unknowns?: Uint8Array[];
                errorCode: number;
                errorMessage: string;
                static encode(message: grpc.reflection.v1alpha.ErrorResponse.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
                static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): grpc.reflection.v1alpha.ErrorResponse & grpc.reflection.v1alpha.ErrorResponse.$Shape;
            }

            namespace ErrorResponse {
                interface $Properties {
                    errorCode?: number;
                    errorMessage?: string;
                    $unknowns?: Uint8Array[];
                }
                type $Shape = grpc.reflection.v1alpha.ErrorResponse.$Properties;
            }
        }
    }
}

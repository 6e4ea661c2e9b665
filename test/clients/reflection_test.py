"""Google's own clients of reflection and health against Shoal.

The address is in SHOAL_GRPC.
"""

import os
import unittest

import grpc
from google.protobuf.descriptor_pool import DescriptorPool
from google.protobuf.message_factory import GetMessageClass
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha.proto_reflection_descriptor_database import (
    ProtoReflectionDescriptorDatabase,
)

URL = os.environ["SHOAL_GRPC"]


class Reflection(unittest.TestCase):
    def setUp(self):
        self.channel = grpc.insecure_channel(URL)

    def tearDown(self):
        self.channel.close()

    def test_the_services_are_listed(self):
        services = ProtoReflectionDescriptorDatabase(self.channel).get_services()
        self.assertIn("inference.GRPCInferenceService", services)
        self.assertIn("grpc.health.v1.Health", services)

    def test_a_call_from_nothing_but_reflection(self):
        pool = DescriptorPool(ProtoReflectionDescriptorDatabase(self.channel))
        service = pool.FindServiceByName("inference.GRPCInferenceService")
        method = service.FindMethodByName("ModelMetadata")
        request = GetMessageClass(method.input_type)(name="add_sub")
        call = self.channel.unary_unary(
            f"/{service.full_name}/{method.name}",
            request_serializer=lambda message: message.SerializeToString(),
            response_deserializer=GetMessageClass(method.output_type).FromString,
        )
        self.assertEqual([one.name for one in call(request).inputs], ["INPUT0", "INPUT1"])

    def test_every_message_can_be_described(self):
        pool = DescriptorPool(ProtoReflectionDescriptorDatabase(self.channel))
        service = pool.FindServiceByName("inference.GRPCInferenceService")
        self.assertGreater(len(service.methods), 15)
        config = pool.FindMessageTypeByName("inference.ModelConfig")
        self.assertIn("dynamic_batching", config.fields_by_name)


class Health(unittest.TestCase):
    def test_check_and_watch(self):
        with grpc.insecure_channel(URL) as channel:
            stub = health_pb2_grpc.HealthStub(channel)
            request = health_pb2.HealthCheckRequest()
            serving = health_pb2.HealthCheckResponse.SERVING
            self.assertEqual(stub.Check(request).status, serving)
            watch = stub.Watch(request)
            self.assertEqual(next(watch).status, serving)
            watch.cancel()


if __name__ == "__main__":
    unittest.main(verbosity=2)

-- MySQL dump 10.13  Distrib 8.0.36, for Linux (x86_64)
--
-- Host: db    Database: xxl_job
-- ------------------------------------------------------
-- Server version	8.0.36

/*!40101 SET @OLD_CHARACTER_SET_CLIENT=@@CHARACTER_SET_CLIENT */;
/*!50503 SET NAMES utf8mb4 */;
/*!40014 SET @OLD_UNIQUE_CHECKS=@@UNIQUE_CHECKS, UNIQUE_CHECKS=0 */;

--
-- Table structure for table `xxl_job_group`
--

DROP TABLE IF EXISTS `xxl_job_group`;
/*!40101 SET @saved_cs_client     = @@character_set_client */;
CREATE TABLE `xxl_job_group` (
  `id` int(11) NOT NULL AUTO_INCREMENT,
  `app_name` varchar(64) NOT NULL COMMENT 'app, as executors say it; (unique)',
  `title` varchar(12) NOT NULL,
  `address_type` tinyint(4) NOT NULL DEFAULT '0' COMMENT '0=auto, 1=manual',
  `address_list` text,
  `update_time` datetime DEFAULT NULL,
  PRIMARY KEY (`id`)
) ENGINE=InnoDB AUTO_INCREMENT=4 DEFAULT CHARSET=utf8mb4;

LOCK TABLES `xxl_job_group` WRITE;
/*!40000 ALTER TABLE `xxl_job_group` DISABLE KEYS */;
INSERT INTO `xxl_job_group` VALUES (1,'billing','结算',0,NULL,'2026-01-05 10:00:00'),(2,'legacy-app','旧系统',1,'http://10.0.0.5:9999/, http://10.0.0.6:9999/','2026-01-05 10:00:00');
/*!40000 ALTER TABLE `xxl_job_group` ENABLE KEYS */;
UNLOCK TABLES;

DROP TABLE IF EXISTS `xxl_job_info`;
CREATE TABLE `xxl_job_info` (
  `id` int(11) NOT NULL AUTO_INCREMENT,
  `job_group` int(11) NOT NULL,
  `job_desc` varchar(255) NOT NULL,
  `add_time` datetime DEFAULT NULL,
  `update_time` datetime DEFAULT NULL,
  `author` varchar(64) DEFAULT NULL,
  `alarm_email` varchar(255) DEFAULT NULL,
  `schedule_type` varchar(50) NOT NULL DEFAULT 'NONE',
  `schedule_conf` varchar(128) DEFAULT NULL,
  `misfire_strategy` varchar(50) NOT NULL DEFAULT 'DO_NOTHING',
  `executor_route_strategy` varchar(50) DEFAULT NULL,
  `executor_handler` varchar(255) DEFAULT NULL,
  `executor_param` varchar(512) DEFAULT NULL,
  `executor_block_strategy` varchar(50) DEFAULT NULL,
  `executor_timeout` int(11) NOT NULL DEFAULT '0',
  `executor_fail_retry_count` int(11) NOT NULL DEFAULT '0',
  `glue_type` varchar(50) NOT NULL,
  `glue_source` mediumtext,
  `glue_remark` varchar(128) DEFAULT NULL,
  `glue_updatetime` datetime DEFAULT NULL,
  `child_jobid` varchar(255) DEFAULT NULL,
  `trigger_status` tinyint(4) NOT NULL DEFAULT '0',
  `trigger_last_time` bigint(13) NOT NULL DEFAULT '0',
  `trigger_next_time` bigint(13) NOT NULL DEFAULT '0',
  PRIMARY KEY (`id`)
) ENGINE=InnoDB AUTO_INCREMENT=9 DEFAULT CHARSET=utf8mb4;

INSERT INTO `xxl_job_info` VALUES (1,1,'Daily report','2026-01-05 10:00:00','2026-01-05 10:00:00','Li Lei','a@example.com, b@example.com','CRON','0 30 2 * * ?','DO_NOTHING','ROUND','dailyReport','{\"path\": \"C:\\\\data\\\\in\", \"note\": \"it\'s 5%; --not a comment\"}','SERIAL_EXECUTION',90,3,'BEAN','','init','2026-01-05 10:00:00','2, 3',1,1767580200000,1767666600000),(2,1,'对账 (结算)','2026-01-05 10:00:00','2026-01-05 10:00:00','韩梅梅','','FIX_RATE','30','FIRE_ONCE_NOW','FAILOVER','reconcile','line one\nline two\twith tab\n','DISCARD_LATER',0,0,'BEAN','','','2026-01-05 10:00:00','',1,0,0),
(3,1,'Daily report','2026-01-05 10:00:00','2026-01-05 10:00:00','Li Lei',NULL,'NONE','','DO_NOTHING','SHARDING_BROADCAST','shards','','COVER_EARLY',0,0,'BEAN',NULL,NULL,NULL,NULL,0,0,0);
INSERT INTO `xxl_job_info` VALUES (4,2,'Clean up','2026-01-05 10:00:00','2026-01-05 10:00:00','ops','','CRON','0 0 3 ? * SUN','DO_NOTHING','CONSISTENT_HASH','','','SERIAL_EXECUTION',0,0,'GLUE_SHELL','#!/bin/bash\necho \"it\'s; done\" -- $1\nINSERT INTO `xxl_job_info` VALUES (99);\n','first','2026-01-05 10:00:00','',1,0,0),(5,7,'Orphan','2026-01-05 10:00:00','2026-01-05 10:00:00','ops','','CRON','0 0 3 * * *','DO_NOTHING','NO_SUCH_ROUTE','orphan','','SERIAL_EXECUTION',0,0,'BEAN','','','2026-01-05 10:00:00','',1,0,0),(6,1,'Nobody\'s time','2026-01-05 10:00:00','2026-01-05 10:00:00','ops','','CRON','0 0 0 1 * MON','DO_NOTHING','ROUND','never','','SERIAL_EXECUTION',0,0,'BEAN','','','2026-01-05 10:00:00','',1,0,0);

CREATE TABLE `xxl_job_log` (
  `id` bigint(20) NOT NULL AUTO_INCREMENT,
  `trigger_msg` text,
  PRIMARY KEY (`id`)
) ENGINE=InnoDB;
INSERT INTO `xxl_job_log` VALUES (1,'a; INSERT INTO `xxl_job_info` VALUES (98); \'quoted\\'),(2,NULL),(3,_binary '\0\Z');

DELIMITER ;;
CREATE PROCEDURE `tidy`()
BEGIN
  INSERT INTO `xxl_job_info` VALUES (97);
END ;;
DELIMITER ;
-- Dump completed on 2026-01-06 10:00:00
